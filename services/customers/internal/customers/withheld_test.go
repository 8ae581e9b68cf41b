package customers_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// callerOf returns the caller that tokens are of.
func callerOf(t *testing.T, store *mongo.Store, tokens customers.Tokens) access.Caller {
	t.Helper()
	caller, err := access.NewVerifier(newIssuer(t, store)).Verify(t.Context(), string(tokens.Access))
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

func TestScopesThatMoveMoneyOrGrantRolesWaitForASecondFactor(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	s.RequireSecondFactor()
	if err := s.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	want := []accessv1.Scope{accessv1.Scope_SCOPE_CLIENTS_WRITE, accessv1.Scope_SCOPE_PAYMENTS_WRITE, accessv1.Scope_SCOPE_STAFF_WRITE}
	mustBe := func(when string, tokens customers.Tokens, withheld bool) {
		t.Helper()
		caller := callerOf(t, store, tokens)
		if !caller.Has(accessv1.Scope_SCOPE_ORDERS_WRITE) {
			t.Errorf("%s: a scope that is not guarded is withheld", when)
		}
		for _, scope := range want {
			if caller.Has(scope) == withheld || caller.Withholds(scope) != withheld {
				t.Errorf("%s: %v is withheld: %v, want %v", when, scope, caller.Withholds(scope), withheld)
			}
		}
		if withheld && len(caller.Withheld) != len(want) {
			t.Errorf("%s: %v are withheld", when, caller.Withheld)
		}
	}
	tokens := login(t, s, "boss@example.com")
	mustBe("without a second factor", tokens, true)
	secret, _, err := s.StartSecondFactor(t.Context(), tokens.Customer.ID)
	if err != nil {
		t.Fatal(err)
	}
	tokens = refresh(t, s, tokens.Refresh)
	mustBe("before the first code", tokens, true)
	recovery, err := s.ConfirmSecondFactor(t.Context(), tokens.Customer.ID, codeOf(t, secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	tokens = refresh(t, s, tokens.Refresh)
	mustBe("with a second factor", tokens, false)
	if err := s.RemoveSecondFactor(t.Context(), tokens.Customer.ID, password, string(recovery[0])); err != nil {
		t.Fatal(err)
	}
	mustBe("after its removal", refresh(t, s, tokens.Refresh), true)
}

func TestWithoutTheSettingNothingWaitsForASecondFactor(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	if err := s.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	caller := callerOf(t, store, login(t, s, "boss@example.com"))
	if !caller.Has(accessv1.Scope_SCOPE_PAYMENTS_WRITE) || len(caller.Withheld) != 0 {
		t.Errorf("%+v", caller)
	}
}

// Earlier versions know roles alone, and let the owner's do everything.
func TestATokenWithWithheldScopesIsNotTheOwnersForEarlierVersions(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	s.RequireSecondFactor()
	if err := s.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	tokens := login(t, s, "boss@example.com")
	if !slices.Contains(tokens.Customer.Roles, customers.RoleOwner) {
		t.Errorf("the account has the roles %v", tokens.Customer.Roles)
	}
	if claims := claimsIn(t, tokens.Access); strings.Contains(claims, `"staff"`) {
		t.Errorf("the token has %s", claims)
	}
}

// claimsIn returns the claims of a token as JSON.
func claimsIn(t *testing.T, token customers.Secret) string {
	t.Helper()
	content, err := base64.RawURLEncoding.DecodeString(strings.Split(string(token), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
