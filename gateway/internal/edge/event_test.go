package edge

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"souk/platform/security"
)

func TestTheGatewaysRefusalsAreSecurityEvents(t *testing.T) {
	t.Parallel()
	const forged = "a-forged-token"
	for name, test := range map[string]struct {
		token  func(*gate) string
		reason string
		// customer is the customer that the event must name.
		customer string
	}{
		"without a token":     {func(*gate) string { return "" }, "An access token is required.", ""},
		"with a forged token": {func(*gate) string { return forged }, "The access token is not valid.", ""},
		"a customer":          {func(g *gate) string { return g.keys.tokenOf(t, "c1", time.Hour) }, "does not have the scope orders:read", "c1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := limited(t)
			a := g.ask(t, asked{method: "GET", path: "/v1/admin/orders", header: map[string]string{"Authorization": "Bearer " + test.token(g)}})
			event := g.events.Expect(t, security.AccessRefused, "GET /v1/admin/orders")
			if event.Actor.Customer != test.customer || event.Actor.Address != "192.0.2.1/32" || event.RequestID != a.header.Get("X-Request-Id") {
				t.Errorf("%+v", event)
			}
			if !strings.Contains(event.Line, test.reason) || strings.Contains(event.Line, forged) {
				t.Errorf("%s, want the reason %q and no token", event.Line, test.reason)
			}
		})
	}
}

func TestARateLimitIsASecurityEventWithItsRouteAndItsNetwork(t *testing.T) {
	t.Parallel()
	for path, route := range map[string]string{"/v1/products": "any route", "/v1/sessions/refresh": "POST /v1/sessions/refresh"} {
		g := limited(t)
		one := asked{method: "POST", path: path, body: `{"refresh_token": "r"}`, from: "[2001:db8::1]:1000"}
		if path == "/v1/products" {
			one.method, one.body = "GET", ""
		}
		for range 1000 {
			if g.ask(t, one).status == http.StatusTooManyRequests {
				break
			}
		}
		event := g.events.Expect(t, security.RateLimited, route)
		if event.Actor.Address != "2001:db8::/64" || !strings.Contains(event.Line, "from this address") {
			t.Error(fmt.Sprint(path, ": ", event.Line))
		}
	}
}
