package stripe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"souk/platform/money"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/stripe"
)

// stripeMock starts Stripe's own mock server, which refuses requests that do not match Stripe's specification. It returns the
// socket of the server.
func stripeMock(t *testing.T) (socket string) {
	t.Helper()
	tools, err := filepath.Abs("../../../../tools")
	if err != nil {
		t.Fatal(err)
	}
	bin := os.Getenv("SOUK_TOOLS_BIN")
	if bin == "" {
		bin = filepath.Join(filepath.Dir(tools), ".souk", "bin")
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(tools, "build"), "stripe-mock").CombinedOutput(); err != nil {
		t.Fatalf("tools/build stripe-mock: %v: %s", err, out)
	}
	dir, err := os.MkdirTemp("", "souk-stripe-") // t.TempDir's path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "socket")
	server := exec.CommandContext(t.Context(), filepath.Join(bin, "stripe-mock"), "-http-unix", socket)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Wait() // killed when the test's context ended
		_ = os.RemoveAll(dir)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil {
			_ = conn.Close()
			return socket
		}
		select {
		case <-ctx.Done():
			t.Fatalf("stripe-mock: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// watched puts a proxy in front of stripe-mock. The proxy fails the test for each refused request.
func watched(t *testing.T, socket string) (url string, paths func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "stripe-mock" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}},
		ModifyResponse: func(answer *http.Response) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, answer.Request.Method+" "+answer.Request.URL.Path)
			if answer.StatusCode != http.StatusOK {
				body, err := io.ReadAll(answer.Body)
				t.Errorf("%s: %s: %s", seen[len(seen)-1], answer.Status, body)
				return err
			}
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// stripe-mock always gives the same answers, so this test only checks that it accepts the requests.
func TestRequestsMatchStripesSpecification(t *testing.T) {
	t.Parallel()
	url, paths := watched(t, stripeMock(t))
	provider := stripe.New(stripe.Config{Key: "sk_test_123", URL: url})
	ctx := t.Context()
	p := payments.Payment{Reference: "souk-1", Method: "pm_card_visa", Status: payments.Pending, Amount: money.New(1999, "GBP")}
	answer, err := provider.Authorize(ctx, p)
	if err != nil || answer.ProviderID == "" {
		t.Fatalf("authorize: %+v, %v; want an intent", answer, err)
	}
	if _, err := provider.Lookup(ctx, p); err != nil && !errors.Is(err, payments.ErrNotFound) {
		t.Errorf("search: %v", err)
	}
	p.ProviderID = answer.ProviderID
	if _, err := provider.Lookup(ctx, p); err != nil {
		t.Errorf("look up: %v", err)
	}
	if _, err := provider.Lookup(ctx, p); err != nil {
		t.Errorf("look up again: %v", err)
	}
	if _, err := provider.Capture(ctx, p); err != nil {
		t.Errorf("capture: %v", err)
	}
	refund, err := provider.Refund(ctx, p, payments.Refund{Reference: "souk-refund-1", Amount: money.New(500, "GBP")})
	if err != nil || refund.Status != payments.RefundSucceeded || refund.ProviderID == "" {
		t.Errorf("refund: %+v, %v; want it to succeed", refund, err)
	}
	if _, err := provider.Refunds(ctx, p); err != nil {
		t.Errorf("refunds: %v", err)
	}
	if err := provider.Void(ctx, p); err != nil {
		t.Errorf("void: %v", err)
	}
	intent := "/v1/payment_intents/" + p.ProviderID
	want := []string{
		"POST /v1/payment_intents", "GET /v1/payment_intents/search", "GET " + intent, "GET " + intent,
		"POST " + intent + "/capture", "POST /v1/refunds", "GET /v1/refunds", "POST " + intent + "/cancel",
	}
	if got := paths(); !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}
