package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnswersAreCompressedExceptStreams(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]string{
		"application/json": "gzip", "application/problem+json": "gzip", "text/event-stream": "", "text/event-stream; charset=utf-8": "", "image/jpeg": "",
	} {
		handler, err := Compress(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write([]byte(strings.Repeat("x", 10_000)))
		}))
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		req.Header.Set("Accept-Encoding", "gzip")
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, req)
		if got := recorder.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s: Content-Encoding %q, want %q", mediaType, got, want)
		}
	}
}
