package edge

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// limited returns a handler behind the limits, whose goroutines end with the test.
func limited(t *testing.T) http.Handler {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	all, sessions := newLimiter(browsing), newLimiter(signingIn)
	t.Cleanup(func() {
		all.buckets.StopAllGoroutines()
		sessions.buckets.StopAllGoroutines()
	})
	return Wrap(rateLimit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}), logger, all, sessions), logger)
}

// ask sends a request from an address and returns the answer.
func ask(t *testing.T, handler http.Handler, method, path, from string) reply {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	req.RemoteAddr = from
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, req)
	return readReply(t, recorder.Code, recorder.Header(), recorder.Body.Bytes())
}

// admitted counts the requests that pass until one is refused, which is checked.
func admitted(t *testing.T, handler http.Handler, method, path, from string) int {
	t.Helper()
	for n := range 1000 {
		a := ask(t, handler, method, path, from)
		if a.status == http.StatusNoContent {
			continue
		}
		a.mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds != 1 {
			t.Errorf("Retry-After %q, want 1", a.header.Get("Retry-After"))
		}
		return n
	}
	t.Fatal("1000 requests at once passed")
	return 0
}

func TestAnAddressIsSlowedDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := limited(t)
		if n := admitted(t, handler, "GET", "/v1/products", "192.0.2.1:1000"); n != 200 {
			t.Errorf("%d requests passed at once, want 200", n)
		}
		// Another port is the same client; another address is not.
		ask(t, handler, "GET", "/v1/categories", "192.0.2.1:2000").mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
		if n := admitted(t, handler, "GET", "/v1/products", "[2001:db8::1]:1000"); n != 200 {
			t.Errorf("%d requests of another address passed, want 200", n)
		}
		time.Sleep(time.Second)
		if n := admitted(t, handler, "GET", "/v1/products", "192.0.2.1:1000"); n != 100 {
			t.Errorf("%d requests passed a second later, want 100", n)
		}
	})
}

func TestSigningInIsSlowedDownSooner(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/sessions", "/v1/customers"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler := limited(t)
				if n := admitted(t, handler, "POST", path, "192.0.2.1:1000"); n != 20 {
					t.Errorf("%d passed at once, want 20", n)
				}
				for _, other := range []string{"/v1/sessions/refresh", "/v1/carts", "/v1/orders"} {
					if a := ask(t, handler, "POST", other, "192.0.2.1:1000"); a.status != http.StatusNoContent {
						t.Errorf("POST %s is answered %d", other, a.status)
					}
				}
				if a := ask(t, handler, "POST", path, "192.0.2.2:1000"); a.status != http.StatusNoContent {
					t.Errorf("another address is answered %d", a.status)
				}
				time.Sleep(time.Second)
				if n := admitted(t, handler, "POST", path, "192.0.2.1:1000"); n != 5 {
					t.Errorf("%d passed a second later, want 5", n)
				}
			})
		})
	}
}

func TestSigningInAndSigningUpShareOneLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := limited(t)
		admitted(t, handler, "POST", "/v1/sessions", "192.0.2.1:1000")
		ask(t, handler, "POST", "/v1/customers", "192.0.2.1:1000").mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	})
}

func TestWaitingLongEnoughBringsTheWholeLimitBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := limited(t)
		admitted(t, handler, "GET", "/v1/products", "192.0.2.1:1000")
		time.Sleep(forgetAfter + time.Second)
		if n := admitted(t, handler, "GET", "/v1/products", "192.0.2.1:1000"); n != 200 {
			t.Errorf("%d requests passed, want 200", n)
		}
	})
}

func TestTheLimitHoldsAmongRequestsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := limited(t)
		var passed atomic.Int64
		var group sync.WaitGroup
		for i := range 400 {
			group.Go(func() {
				if ask(t, handler, "GET", "/v1/products", fmt.Sprintf("192.0.2.1:%d", 1000+i)).status == http.StatusNoContent {
					passed.Add(1)
				}
			})
		}
		group.Wait()
		if passed.Load() != 200 {
			t.Errorf("%d requests passed, want 200", passed.Load())
		}
	})
}
