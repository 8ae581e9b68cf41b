package edge

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzhttp"
)

func TestAPanicIsAnsweredAsAProblem(t *testing.T) {
	t.Parallel()
	panics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		panic("secret text")
	})
	for name, handler := range map[string]http.Handler{
		"bare":       panics,
		"compressed": gzhttp.GzipHandler(panics),
		"limited":    RateLimit(panics, slog.New(slog.DiscardHandler)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			server := httptest.NewServer(Wrap(handler, slog.New(slog.NewTextHandler(&log, nil))))
			t.Cleanup(server.Close)
			e := &edgeServer{url: server.URL, client: server.Client()}
			a := e.send(t, request{method: "GET", path: "/v1/products", header: map[string]string{"X-Request-Id": "req-1"}})
			a.mustBe(t, http.StatusInternalServerError, "internal", "")
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("the client was told %s", a.body)
			}
			server.Close()
			for _, want := range []string{"secret text", "req-1", "middleware_test.go"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log does not say %q: %s", want, log.String())
				}
			}
		})
	}
}

func TestAPanicInTheMiddleOfAnAnswerEndsIt(t *testing.T) {
	t.Parallel()
	handler := Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half of the ans"))
		_ = http.NewResponseController(w).Flush()
		panic("x")
	}), slog.New(slog.DiscardHandler))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err == nil || bytes.Contains(body, []byte("internal")) {
		t.Errorf("the client took %q for a whole answer (%v)", body, err)
	}
}

func TestARequestKeepsAGoodIDAndGetsOneOtherwise(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	seen := map[string]bool{}
	for id, kept := range map[string]bool{
		"abc-123_X.y": true, strings.Repeat("a", 128): true, "0190c9a4-7b3f-7e2a-9c1d-2f6f5b7d1e00": true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a\tb": false, "<script>": false, "é": false, `"`: false,
	} {
		a := e.send(t, request{method: "GET", path: "/v1/nothing", header: map[string]string{"X-Request-Id": id}})
		a.mustBe(t, http.StatusNotFound, "not_found", "")
		got := a.header.Get("X-Request-Id")
		if (got == id) != kept || seen[got] {
			t.Errorf("id %q became %q", id, got)
		}
		seen[got] = true
	}
}

func TestEveryAnswerKeepsBrowsersSafe(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, path := range []string{"/v1/products", "/v1/nothing", "/v1/me"} {
		a := e.send(t, request{method: "GET", path: path})
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s of %s: %q, want %q", name, path, got, want)
			}
		}
	}
}

func TestAHandlerCanFlushThroughTheRecorder(t *testing.T) {
	t.Parallel()
	flushed := make(chan struct{})
	server := httptest.NewServer(Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("first"))
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		select {
		case <-flushed:
		case <-r.Context().Done():
			t.Error("the first part never arrived")
		}
	}), slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	part := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, part); err != nil || string(part) != "first" {
		t.Errorf("%q %v", part, err)
	}
	close(flushed)
}
