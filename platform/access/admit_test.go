package access_test

import (
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

func TestRulesAdmitOnlyTheCallersTheyName(t *testing.T) {
	t.Parallel()
	callers := map[string]access.Caller{
		"stranger": {}, "customer": {CustomerID: "ada"}, "reader": {CustomerID: "bob", Scopes: []accessv1.Scope{accessv1.Scope_SCOPE_ORDERS_READ}},
		"orders": {Service: "orders"}, "scope without a customer": {Scopes: access.AllScopes()},
	}
	tests := []struct {
		rule     *accessv1.Rule
		admitted map[string]bool
	}{
		{&accessv1.Rule{}, nil},
		{&accessv1.Rule{Anyone: true}, map[string]bool{"stranger": true, "customer": true, "reader": true, "orders": true, "scope without a customer": true}},
		{&accessv1.Rule{Customer: true}, map[string]bool{"customer": true, "reader": true}},
		{&accessv1.Rule{Scope: accessv1.Scope_SCOPE_ORDERS_READ}, map[string]bool{"reader": true}},
		{&accessv1.Rule{Scope: accessv1.Scope_SCOPE_ORDERS_WRITE}, nil},
		{&accessv1.Rule{Services: []string{"orders", "gateway"}}, map[string]bool{"orders": true}},
		{&accessv1.Rule{Services: []string{"gateway", ""}}, nil},
	}
	for _, test := range tests {
		for name, caller := range callers {
			if got := access.Admits(test.rule, caller); got != test.admitted[name] {
				t.Errorf("%v admits %s: %v, want %v", test.rule, name, got, test.admitted[name])
			}
		}
	}
}
