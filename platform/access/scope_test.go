package access_test

import (
	"slices"
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

func TestEveryScopeHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, scope := range access.AllScopes() {
		name := access.ScopeName(scope)
		if got, ok := access.ScopeNamed(name); !ok || got != scope {
			t.Errorf("%s is the name of %v, and stands for %v", name, scope, got)
		}
	}
	if len(access.AllScopes()) != len(accessv1.Scope_name)-1 {
		t.Errorf("%d scopes, want all of %d", len(access.AllScopes()), len(accessv1.Scope_name)-1)
	}
	if got := access.ScopeName(accessv1.Scope_SCOPE_ORDERS_READ); got != "orders:read" {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"", "unspecified", "orders", "orders_read", "ORDERS:READ", "orders:read ", "SCOPE_ORDERS_READ"} {
		if scope, ok := access.ScopeNamed(name); ok {
			t.Errorf("%q stands for %v", name, scope)
		}
	}
}

func TestATokenGrantsTheScopesThatItNames(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	verifier := access.NewVerifier(i)
	read, write := accessv1.Scope_SCOPE_ORDERS_READ, accessv1.Scope_SCOPE_ORDERS_WRITE
	for name, test := range map[string]struct {
		claims object
		want   []accessv1.Scope
	}{
		"a customer's":                   {claims("customer"), nil},
		"scopes":                         {claims("customer").with(object{"scope": "orders:read orders:write"}), []accessv1.Scope{read, write}},
		"scopes beside the role staff":   {claims("staff").with(object{"scope": "orders:read"}), []accessv1.Scope{read}},
		"no scopes beside the role":      {claims("staff").with(object{"scope": ""}), nil},
		"a scope of a newer version":     {claims("staff").with(object{"scope": "moon:read orders:read"}), []accessv1.Scope{read}},
		"capitals":                       {claims("staff").with(object{"scope": "ORDERS:READ"}), nil},
		"another separator":              {claims("staff").with(object{"scope": "orders:read,orders:write"}), nil},
		"of an earlier version, staff":   {claims("customer", "staff"), access.AllScopes()},
		"of an earlier version, another": {claims("customer", "manager"), nil},
	} {
		caller, err := verifier.Verify(t.Context(), i.sign(t, header(), test.claims))
		if err != nil || !slices.Equal(caller.Scopes, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, caller.Scopes, err, test.want)
		}
		for _, scope := range access.AllScopes() {
			if caller.Has(scope) != slices.Contains(test.want, scope) {
				t.Errorf("%s has %v: %v", name, scope, caller.Has(scope))
			}
		}
		if caller.Has(accessv1.Scope_SCOPE_UNSPECIFIED) {
			t.Errorf("%s has the scope that is none", name)
		}
	}
	for _, list := range []any{[]string{"orders:read"}, 7, object{}} {
		if caller, err := verifier.Verify(t.Context(), i.sign(t, header(), claims("staff").with(object{"scope": list}))); err == nil {
			t.Errorf("the scope %v is taken: %+v", list, caller)
		}
	}
}

func TestATokenOfAClientIsNoCustomers(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	verifier := access.NewVerifier(i)
	of := func(more object) object {
		return claims().with(object{"sid": nil, "client_id": "c1", "sub": "c1", "scope": "orders:read"}).with(more)
	}
	caller, err := verifier.Verify(t.Context(), i.sign(t, header(), of(nil)))
	if err != nil || caller.ClientID != "c1" || caller.CustomerID != "" || caller.Authenticated() || caller.Staff() || !caller.Known() || caller.ID() != "c1" ||
		!caller.Has(accessv1.Scope_SCOPE_ORDERS_READ) || caller.Has(accessv1.Scope_SCOPE_ORDERS_WRITE) {
		t.Errorf("%+v, %v", caller, err)
	}
	if access.Admits(&accessv1.Rule{Customer: true}, caller) || !access.Admits(&accessv1.Rule{Scope: accessv1.Scope_SCOPE_ORDERS_READ}, caller) {
		t.Error("a client is admitted as a customer, or not by its scope")
	}
	for name, wrong := range map[string]object{
		"a client with a session": {"sid": "s"}, "neither": {"client_id": nil}, "another subject": {"sub": "customer-1"},
	} {
		if caller, err := verifier.Verify(t.Context(), i.sign(t, header(), of(wrong))); err == nil {
			t.Errorf("%s: %+v", name, caller)
		}
	}
}
