package access_test

import (
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

func TestRulesAdmitOnlyTheCallersTheyName(t *testing.T) {
	t.Parallel()
	callers := map[string]access.Caller{
		"stranger": {}, "customer": {CustomerID: "ada"}, "staff": {CustomerID: "bob", Roles: []string{access.RoleStaff}},
		"orders": {Service: "orders"}, "role without a customer": {Roles: []string{access.RoleStaff}},
	}
	tests := []struct {
		rule     *accessv1.Rule
		admitted map[string]bool
	}{
		{&accessv1.Rule{}, nil},
		{&accessv1.Rule{Anyone: true}, map[string]bool{"stranger": true, "customer": true, "staff": true, "orders": true, "role without a customer": true}},
		{&accessv1.Rule{Customer: true}, map[string]bool{"customer": true, "staff": true}},
		{&accessv1.Rule{Staff: true}, map[string]bool{"staff": true}},
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
