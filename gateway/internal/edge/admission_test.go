package edge

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/gateway/internal/api"
	"souk/gateway/internal/policy"
	"souk/platform/access"
	"souk/platform/admission"
)

// busy returns an edge with four places, of which taken are occupied: the first three by browsing, the last by checkout. All
// password places that browsing may use are occupied too. Operations are answered 299 once serve returns.
func busy(t *testing.T, k *keys, taken int, serve func(context.Context, http.ResponseWriter)) http.Handler {
	t.Helper()
	limiter := admission.New(4)
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Limiter: limiter, Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
		return func(ctx context.Context, w http.ResponseWriter, _ *http.Request, _ any) (any, error) {
			serve(ctx, w)
			return nil, NewProblem(passed, "passed", "")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	enter := func(l *admission.Limiter, class admission.Class) {
		if _, err := l.Enter(admission.WithClass(t.Context(), class)); err != nil {
			t.Fatal(err)
		}
	}
	for _, class := range []admission.Class{admission.Browsing, admission.Browsing, admission.Browsing, admission.Checkout}[:taken] {
		enter(limiter, class)
	}
	for range passwordPlaces - passwordPlaces/4 {
		enter(router.passwords, admission.Browsing)
	}
	return Wrap(router, logger, noRequestLog())
}

// serveBusy serves the edge of busy over HTTP.
func serveBusy(t *testing.T, taken int, serve func(context.Context, http.ResponseWriter)) *edgeServer {
	t.Helper()
	k := newKeys(t)
	server := httptest.NewServer(busy(t, k, taken, serve))
	t.Cleanup(server.Close)
	return &edgeServer{keys: k, url: server.URL, staff: k.token(t, time.Hour, access.RoleStaff), client: server.Client()}
}

func nothing(context.Context, http.ResponseWriter) {}

func TestRequestsAreRefusedIfAllPlacesAreTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		edge := busy(t, k, 4, nothing)
		e := &edgeServer{keys: k, staff: k.token(t, time.Hour, access.RoleStaff)}
		for _, op := range contract(t) {
			a := serve(t, edge, op.request(t, e))
			switch op.path {
			case "/healthz", "/readyz", "/v1/orders/{id}/events":
				a.mustPass(t)
				continue
			}
			a.mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
			if a.header.Get("Retry-After") != "1" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s is refused with %v", op.method, op.path, a.header)
			}
		}
	})
}

func TestPasswordRequestsHaveTheirOwnPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		edge := busy(t, k, 0, nothing)
		e := &edgeServer{keys: k, staff: k.token(t, time.Hour, access.RoleStaff)}
		for _, op := range contract(t) {
			a := serve(t, edge, op.request(t, e))
			if op.policy(t).Cost == policy.Password {
				a.mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
				continue
			}
			a.mustPass(t)
		}
	})
}

func TestARequestIsRefusedUnreadIfTheQueueIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := admission.New(1)
		logger := slog.New(slog.DiscardHandler)
		router, err := NewRouter(nil, Options{Limiter: limiter, Logger: logger}, pass)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // one is being answered, two wait
			go func() { _, _ = limiter.Enter(t.Context()) }()
		}
		synctest.Wait()
		start := time.Now()
		body := strings.NewReader("no JSON")
		a := serve(t, Wrap(router, logger, noRequestLog()), request{method: "POST", path: "/v1/products", body: body})
		a.mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
		if body.Len() != len("no JSON") || time.Since(start) != 0 {
			t.Errorf("refused after %v, with %d bytes of the body unread", time.Since(start), body.Len())
		}
	})
}

func TestOnlyCheckoutOperationsHaveTheCheckoutClass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := newKeys(t)
		edge := busy(t, k, 3, func(ctx context.Context, w http.ResponseWriter) {
			w.Header().Set("X-Class", admission.ClassOf(ctx).String())
		})
		e := &edgeServer{keys: k, staff: k.token(t, time.Hour, access.RoleStaff)}
		admitted := 0
		for _, op := range contract(t) {
			a := serve(t, edge, op.request(t, e))
			pattern := op.method + " " + op.path
			switch {
			case op.policy(t).Class == admission.Checkout:
				admitted++
				if a.mustPass(t); a.header.Get("X-Class") != "checkout" {
					t.Errorf("%s is work of class %q", pattern, a.header.Get("X-Class"))
				}
			case a.status != passed:
				a.mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
			}
		}
		if admitted < 8 {
			t.Errorf("only %d operations are of class checkout", admitted)
		}
	})
}

func TestASlowRequestTakesNoPlaceWhileItArrives(t *testing.T) {
	t.Parallel()
	e := serveBusy(t, 3, nothing)
	for _, header := range []string{
		"POST /v1/shipping-quotes HTTP/1.1\r\nContent-Type: application/json\r\n", "POST /v1/webhooks/payments/stripe HTTP/1.1\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, header+"Host: shop\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		// The server asks for the body when a handler reads it.
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("answered %q, %v", line, err)
		}
	}
	e.send(t, request{method: "POST", path: "/v1/carts"}).mustPass(t)
}

func TestARequestGivesItsPlaceBackWhenItsAnswerIsWritten(t *testing.T) {
	t.Parallel()
	began, end := make(chan struct{}, 1), make(chan struct{})
	e := serveBusy(t, 3, func(_ context.Context, w http.ResponseWriter) {
		w.WriteHeader(passed)
		began <- struct{}{}
		<-end // like a write to a client that does not read
	})
	defer close(end)
	for range 3 {
		go func() {
			if resp, err := e.client.Post(e.url+"/v1/carts", "", nil); err == nil {
				_ = resp.Body.Close()
			}
		}()
		<-began
	}
}

func BenchmarkRefusal(b *testing.B) {
	handler := Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { refuse(w, r, admission.Browsing) }), slog.New(slog.DiscardHandler), noRequestLog())
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/products?q=mug", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(w, r)
	}
}
