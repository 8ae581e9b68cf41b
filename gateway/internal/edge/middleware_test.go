package edge

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/testkit/scrape"
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
		"limited":    newTestLimits(t).Wrap(panics, slog.New(slog.DiscardHandler)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			server := httptest.NewServer(Wrap(handler, slog.New(slog.NewTextHandler(&log, nil)), noRequestLog()))
			t.Cleanup(server.Close)
			e := &edgeServer{url: server.URL, client: server.Client()}
			a := e.send(t, request{method: "GET", path: "/v1/products", header: map[string]string{"X-Request-Id": "req-1"}})
			a.mustBe(t, http.StatusInternalServerError, "internal", "")
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("the client was told %s", a.body)
			}
			server.Close()
			for want, said := range map[string]bool{"req-1": true, "middleware_test.go": true, "panic=string": true, "secret text": false} {
				if strings.Contains(log.String(), want) != said {
					t.Errorf("that the log says %q is %v: %s", want, !said, log.String())
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
	}), slog.New(slog.DiscardHandler), noRequestLog())
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

func TestAnAnswerThatAPanicCutsOffIsCountedLoggedAndTraced(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]any{"panic": "x", "abort": http.ErrAbortHandler} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			route := "GET /cut-off/" + name
			mux := http.NewServeMux()
			mux.HandleFunc(route, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("half of the ans"))
				panic(cause)
			})
			var log bytes.Buffer
			answers := NewRequestLog(&log, slog.LevelInfo)
			span := &fakeSpan{}
			r := httptest.NewRequestWithContext(trace.ContextWithSpan(t.Context(), span), http.MethodGet, "/cut-off/"+name, nil)
			func() {
				defer func() {
					if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very same
						t.Errorf("the server sees the panic %v", p)
					}
				}()
				Wrap(mux, slog.New(slog.DiscardHandler), answers).ServeHTTP(httptest.NewRecorder(), r)
			}()
			answers.Flush()
			metrics, err := scrape.Own()
			if err != nil {
				t.Fatal(err)
			}
			if counted := metrics.Values("souk_http_requests_total", "code", "route", route); !slices.Equal(counted, []string{"500"}) {
				t.Errorf("counted with the codes %v", counted)
			}
			if span.ends != 1 || span.status != codes.Error {
				t.Errorf("the span has ended %d times, with the status %v", span.ends, span.status)
			}
			if !strings.Contains(log.String(), `"answered"`) || !strings.Contains(log.String(), `"status":500`) {
				t.Errorf("the log says %q", log.String())
			}
		})
	}
}

// fakeSpan is a span that records its status and how often it has ended.
type fakeSpan struct {
	noop.Span
	status codes.Code
	ends   int
}

func (*fakeSpan) IsRecording() bool                     { return true }
func (s *fakeSpan) SetStatus(code codes.Code, _ string) { s.status = code }
func (s *fakeSpan) End(...trace.SpanEndOption)          { s.ends++ }

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

func TestAPanicOfTheRuntimeIsLoggedByItsText(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		_ = strings.Split("a", ",")[1]
	}), slog.New(slog.NewTextHandler(&log, nil)), noRequestLog())
	serve(t, handler, request{method: "GET", path: "/v1/products"}).mustBe(t, http.StatusInternalServerError, "internal", "")
	if !strings.Contains(log.String(), "index out of range") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestEveryAnswerKeepsBrowsersSafe(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, path := range []string{"/v1/products", "/v1/nothing", "/v1/me"} {
		a := e.send(t, request{method: "GET", path: path})
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Content-Security-Policy":    "default-src 'none'; frame-ancestors 'none'",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()", "Strict-Transport-Security": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s of %s: %q, want %q", name, path, got, want)
			}
		}
	}
}

func TestAnswersOverTLSHaveStrictTransportSecurity(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(Wrap(http.NotFoundHandler(), slog.New(slog.DiscardHandler), noRequestLog()))
	t.Cleanup(server.Close)
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security %q", got)
	}
}

func TestAuthenticatedAnswersAndAnswersToWritesAreNotCached(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	logger := slog.New(slog.DiscardHandler)
	// The test needs a normal answer, because problems set Cache-Control themselves.
	answers := func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(_ context.Context, w http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			w.WriteHeader(passed)
			return nil, nil
		}
	}
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, answers)
	if err != nil {
		t.Fatal(err)
	}
	handler := Wrap(router, logger, noRequestLog())
	token := map[string]string{"Authorization": "Bearer " + k.token(t, time.Hour)}
	for _, test := range []struct {
		method, path string
		header       map[string]string
		want         string
	}{
		{"GET", "/v1/products", nil, ""},
		{"GET", "/v1/products", token, "no-store"},
		{"GET", "/v1/me", token, "no-store"},
		{"GET", "/v1/carts/some-id", nil, "no-store"},
		{"POST", "/v1/carts", nil, "no-store"},
	} {
		a := serve(t, handler, request{method: test.method, path: test.path, header: test.header})
		if got := a.header.Get("Cache-Control"); a.status != passed || got != test.want {
			t.Errorf("%s %s with %v: %d, Cache-Control %q, want %q", test.method, test.path, test.header, a.status, got, test.want)
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
	}), slog.New(slog.DiscardHandler), noRequestLog()))
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
