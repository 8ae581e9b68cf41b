package edge

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"souk/gateway/internal/api"
)

// Regression: an operation that took its whole timeout left the connection's later requests with an ended context.
func TestASlowAnswerDoesNotBreakLaterRequestsOfTheConnection(t *testing.T) {
	t.Parallel()
	const bound = 50 * time.Millisecond
	var late atomic.Bool
	answer := func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, _ http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			if late.Load() {
				<-ctx.Done()
				<-time.After(bound) // gives the server time to notice the passed deadline, if it checks
			} else if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, NewProblem(passed, "passed", "")
		}
	}
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Logger: logger}, answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range router.operations {
		op.Timeout = bound
	}
	server := httptest.NewServer(Wrap(router, logger, noRequestLog()))
	defer server.Close()
	send := func(method, path, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != passed {
			t.Errorf("%s %s: answered %d, late: %v", method, path, resp.StatusCode, late.Load())
		}
	}
	for range 2 {
		for _, isLate := range []bool{true, false} {
			late.Store(isLate)
			send(http.MethodPost, "/v1/sessions", `{"email": "ada@example.com", "password": "correct horse"}`)
			send(http.MethodGet, "/v1/categories", "")
		}
	}
}
