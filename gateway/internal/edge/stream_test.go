package edge

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"souk/gateway/internal/api"
	"souk/platform/access"
)

// streamRequest is a request for the events of an order.
func streamRequest(token string) request {
	return request{method: "GET", path: "/v1/orders/some-id/events", header: map[string]string{"Authorization": "Bearer " + token}}
}

// streaming returns an edge with an operation that runs serve.
func streaming(t *testing.T, k *keys, serve func(context.Context) error) (*Router, http.Handler) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, _ http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			if err := serve(ctx); err != nil {
				return nil, err
			}
			return nil, NewProblem(passed, "passed", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return router, Wrap(router, logger, noRequestLog())
}

func TestAStreamEndsWhenItsTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		_, handler := streaming(t, k, func(ctx context.Context) error {
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != time.Hour {
				return fmt.Errorf("its deadline is %v", deadline)
			}
			return nil
		})
		serve(t, handler, streamRequest(k.token(t, time.Hour))).mustPass(t)
		// A token that expired a moment ago is still accepted because clocks may differ, but not for a stream.
		late := k.token(t, -time.Second)
		serve(t, handler, streamRequest(late)).mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
		_, handler = streaming(t, k, func(context.Context) error { return nil })
		r := request{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "Bearer " + late}}
		serve(t, handler, r).mustPass(t)
	})
}

func TestEndStreamsEndsAllStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		router, handler := streaming(t, k, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		answered := make(chan reply)
		go func() { answered <- serve(t, handler, streamRequest(k.token(t, time.Hour))) }()
		synctest.Wait()
		start := time.Now()
		router.EndStreams()
		(<-answered).mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
		serve(t, handler, streamRequest(k.token(t, time.Hour))).mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestOpenStreamsAreLimited(t *testing.T) {
	t.Parallel()
	s := newStreams()
	enter := func(customer string, want bool) {
		t.Helper()
		if got := s.enter(customer); got != want {
			t.Fatalf("%s may open a stream: %v, want %v", customer, got, want)
		}
	}
	for i := range maxStreams / maxStreamsEach {
		customer := fmt.Sprint("customer-", i)
		for range maxStreamsEach {
			enter(customer, true)
		}
		enter(customer, false)
	}
	enter("another", false)
	s.leave("customer-7")
	enter("another", true)
	enter("customer-7", false)
	s.leave("another")
	enter("customer-7", true)
	for i := range maxStreams / maxStreamsEach {
		for range maxStreamsEach {
			s.leave(fmt.Sprint("customer-", i))
		}
	}
	if s.open != 0 || len(s.byCustomer) != 0 {
		t.Errorf("%d streams of %d customers are left", s.open, len(s.byCustomer))
	}
}

func TestAStreamOutlivesTheServersTimeoutsOverHTTP2(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		logger := slog.New(slog.DiscardHandler)
		router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
			return func(_ context.Context, w http.ResponseWriter, _ *http.Request, _ any) (any, error) {
				w.Header().Set("Content-Type", eventStream)
				w.Header().Set("X-Accel-Buffering", "no")
				for range 30 {
					time.Sleep(15 * time.Second)
					_, _ = w.Write([]byte("."))
					w.(http.Flusher).Flush()
				}
				return nil, nil
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		listener := bufconn.Listen(1 << 20)
		certified := httptest.NewUnstartedServer(nil)
		certified.StartTLS()
		certified.Close()
		server := &http.Server{
			Handler: Wrap(router, logger, noRequestLog()), ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
			TLSConfig: &tls.Config{Certificates: certified.TLS.Certificates},
		}
		go func() { _ = server.ServeTLS(listener, "", "") }()
		transport := &http.Transport{
			DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.DialContext(ctx) },
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
		}
		defer func() { transport.CloseIdleConnections(); _ = server.Close() }()
		e := &edgeServer{url: "https://shop", client: &http.Client{Transport: transport}}
		a := e.send(t, streamRequest(k.token(t, time.Hour)))
		// The stream is longer than each timeout of the server and than the write timeout.
		if got := len(a.body); a.status != http.StatusOK || got != 30 {
			t.Errorf("answered %d with %d of 30 events", a.status, got)
		}
	})
}
