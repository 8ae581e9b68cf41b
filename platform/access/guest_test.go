package access

import (
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"
)

func TestAGuestIsAdmittedOnlyWhereTheRuleSaysSo(t *testing.T) {
	t.Parallel()
	guest := Caller{CustomerID: "order", Guest: true, Service: "gateway"}
	customer := Caller{CustomerID: "customer", Service: "gateway"}
	for name, test := range map[string]struct {
		rule            *accessv1.Rule
		guest, customer bool
	}{
		"anyone":               {&accessv1.Rule{Anyone: true}, false, true},
		"customers":            {&accessv1.Rule{Customer: true}, false, true},
		"customers and guests": {&accessv1.Rule{Customer: true, Guest: true}, true, true},
		"guests":               {&accessv1.Rule{Guest: true}, true, false},
		"a scope":              {&accessv1.Rule{Scope: accessv1.Scope_SCOPE_ORDERS_READ}, false, false},
		"the gateway":          {&accessv1.Rule{Services: []string{"gateway"}}, true, true},
	} {
		if got := Admits(test.rule, guest); got != test.guest {
			t.Errorf("%s: a guest is admitted: %t", name, got)
		}
		if got := Admits(test.rule, customer); got != test.customer {
			t.Errorf("%s: a customer is admitted: %t", name, got)
		}
	}
}
