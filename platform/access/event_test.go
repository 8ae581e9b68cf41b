package access_test

import (
	"strings"
	"testing"

	"souk/platform/access"
	"souk/platform/security"
)

func TestRefusalsAreSecurityEvents(t *testing.T) {
	t.Parallel()
	const bad = "a-forged-token"
	for name, test := range map[string]struct {
		service, rpc string
		token        func(*world) string
		reason       string
		// customer says that the event must name the customer.
		customer bool
	}{
		"without a certificate":       {"", "Anyone", nil, "a certificate of a service", false},
		"a service that may not call": {"shipping", "Anyone", nil, "is not for shipping", false},
		"without a token":             {"gateway", "Customer", nil, "an access token is required", false},
		"with a forged token":         {"gateway", "Customer", func(*world) string { return bad }, access.ErrInvalidToken.Error(), false},
		"a customer, as staff":        {"gateway", "Staff", func(w *world) string { return w.sign(t, header(), claims()) }, "does not have the scope orders:read", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var headers []string
			if test.token != nil {
				headers = []string{"authorization", "Bearer " + test.token(w)}
			}
			w.call(t, test.service, test.rpc, headers...)
			event := w.events.Expect(t, security.AccessRefused, "/"+service+"/"+test.rpc)
			if event.Actor.Service != test.service || (event.Actor.Customer != "") != test.customer || event.RequestID != "request" {
				t.Errorf("%+v", event)
			}
			if !strings.Contains(event.Line, test.reason) || strings.Contains(event.Line, bad) {
				t.Errorf("%s, want the reason %q and no token", event.Line, test.reason)
			}
		})
	}
}
