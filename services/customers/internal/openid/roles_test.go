package openid_test

import (
	"slices"
	"testing"

	"souk/platform/security"
	"souk/testkit/openidtest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/openid"
)

// byGroups makes the first provider decide about roles.
func byGroups(s *openid.Settings) {
	s.RolesClaim, s.Roles = "groups", map[string]string{"shop-admins": "owner", "shop-help": "support", "help": "support"}
}

func member(groups any) openidtest.User {
	u := ada
	u.Claims = map[string]any{"groups": groups}
	return u
}

func TestAProviderDecidesAboutRolesAtEachSignIn(t *testing.T) {
	t.Parallel()
	s := open(t, byGroups)
	if _, err := s.AddStaff(t.Context(), "boss@example.com"); err != nil {
		t.Fatal(err)
	}
	ctx, events := securitytest.Record(t.Context(), t)
	for _, test := range []struct {
		groups any
		want   []string
	}{
		{[]string{"shop-help", "others", "help"}, []string{"support"}},
		{[]string{"shop-help", "shop-admins"}, []string{"owner", "support"}},
		{"shop-help", []string{"support"}},
		{[]string{}, []string{}},
		{[]string{"owner", "support"}, []string{}},
		{map[string]any{"shop-admins": true}, []string{}},
		{7, []string{}},
	} {
		s.provider.Set(member(test.groups))
		b := s.browser()
		code := b.visit(t, ada)
		tokens, err := s.RedeemSignIn(ctx, customers.SignInProof{Code: code, Browser: b.cookie})
		if err != nil {
			t.Fatal(err)
		}
		if got := tokens.Customer.StaffRoles(); !slices.Equal(got, test.want) {
			t.Errorf("groups %v give %q, want %q", test.groups, got, test.want)
		}
		stored, err := s.Customer(t.Context(), tokens.Customer.ID)
		if err != nil || !slices.Equal(stored.StaffRoles(), test.want) {
			t.Errorf("groups %v: stored are %q, want %q, %v", test.groups, stored.StaffRoles(), test.want, err)
		}
	}
	if n := len(events.Of(t, security.RolesChanged)); n != 4 {
		t.Errorf("%d changes of roles, want 4", n)
	}
}

func TestAClaimThatGoesTakesTheRoles(t *testing.T) {
	t.Parallel()
	s := open(t, byGroups)
	if _, err := s.AddStaff(t.Context(), "boss@example.com"); err != nil {
		t.Fatal(err)
	}
	s.provider.Set(member("shop-admins"))
	s.browser().mustEnter(t, ada)
	s.provider.Set(ada)
	if c := s.browser().mustEnter(t, ada).Customer; len(c.StaffRoles()) != 0 || !slices.Equal(c.Roles, []string{customers.RoleCustomer}) {
		t.Errorf("roles: %q", c.Roles)
	}
}

func TestTheLastOwnerStaysOne(t *testing.T) {
	t.Parallel()
	s := open(t, byGroups)
	s.provider.Set(member("shop-admins"))
	s.browser().mustEnter(t, ada)
	s.provider.Set(member("shop-help"))
	if got := rolesOf(s.browser().mustEnter(t, ada)); !slices.Equal(got, []string{"owner", "support"}) {
		t.Errorf("roles: %q", got)
	}
	s.provider.Set(ada)
	if got := rolesOf(s.browser().mustEnter(t, ada)); !slices.Equal(got, []string{"owner"}) {
		t.Errorf("roles: %q", got)
	}
}

func TestOtherProvidersDecideAboutNoRoles(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.provider.Set(member([]string{"shop-admins", "owner"}))
	tokens := s.browser().mustEnter(t, ada)
	if got := tokens.Customer.StaffRoles(); len(got) != 0 {
		t.Errorf("roles: %q", got)
	}
	if _, err := s.PromoteToStaff(t.Context(), "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	if _, err := s.LinkIdentity(t.Context(), tokens.Customer.ID, b.refusedCode(t, ada), b.cookie); err != nil {
		t.Fatal(err)
	}
	if got := rolesOf(b.mustEnter(t, ada)); !slices.Equal(got, []string{"owner"}) {
		t.Errorf("roles: %q", got)
	}
}

func rolesOf(tokens customers.Tokens) []string { return tokens.Customer.StaffRoles() }
