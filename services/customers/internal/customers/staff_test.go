package customers_test

import (
	"errors"
	"sync"
	"testing"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

// staffed reports whether the access token of a sign-in has the role of staff.
func staffed(t *testing.T, issuer *token.Issuer, tokens customers.Tokens) bool {
	t.Helper()
	caller, err := access.NewVerifier(issuer).Verify(t.Context(), string(tokens.Access))
	if err != nil {
		t.Fatal(err)
	}
	return caller.Staff()
}

func TestTheFirstStaffAccountIsCreatedOnceAndKeepsItsPassword(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	for _, given := range []customers.Secret{password, password, newPassword, "short"} {
		if err := s.EnsureStaff(t.Context(), "Boss@example.com", given); err != nil {
			t.Fatal(err)
		}
	}
	if !staffed(t, issuer, login(t, s, "boss@example.com")) {
		t.Error("the account is not one of staff")
	}
	var invalid *field.Error
	if err := s.EnsureStaff(t.Context(), "other@example.com", "short"); !errors.As(err, &invalid) {
		t.Errorf("a new account with a bad password: %v, want a violation", err)
	}
}

func TestReplicasStartingAtOnceCreateOneStaffAccount(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := s.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
				t.Errorf("ensure: %v", err)
			}
		})
	}
	wg.Wait()
	if !staffed(t, issuer, login(t, s, "boss@example.com")) {
		t.Error("the account is not one of staff")
	}
}

// Anyone can register the configured e-mail address before the first start.
func TestACustomerWhoRegisteredTheEmailOfStaffStaysACustomer(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	register(t, s, "boss@example.com")
	before := login(t, s, "boss@example.com")
	if err := s.EnsureStaff(t.Context(), "boss@example.com", newPassword); !errors.Is(err, customers.ErrNotStaff) {
		t.Errorf("ensure: %v, want ErrNotStaff", err)
	}
	if staffed(t, issuer, login(t, s, "boss@example.com")) || staffed(t, issuer, refresh(t, s, before.Refresh)) {
		t.Error("a customer became staff")
	}
	if _, err := s.Login(t.Context(), "boss@example.com", newPassword); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("login with the password of staff: %v, want ErrInvalidCredentials", err)
	}
}

func TestAddStaffGeneratesThePassword(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	made, err := s.AddStaff(t.Context(), "new@example.com")
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := s.Login(t.Context(), "new@example.com", made)
	if err != nil || !staffed(t, issuer, tokens) {
		t.Errorf("login: %v; want one of staff", err)
	}
	register(t, s, "ada@example.com")
	for _, email := range []string{"new@example.com", "ada@example.com"} {
		if made, err := s.AddStaff(t.Context(), email); !errors.Is(err, customers.ErrEmailTaken) || made != "" {
			t.Errorf("add %s: %v, want ErrEmailTaken and no password", email, err)
		}
	}
	if staffed(t, issuer, login(t, s, "ada@example.com")) {
		t.Error("adding made a customer staff")
	}
	var invalid *field.Error
	if _, err := s.AddStaff(t.Context(), "no e-mail"); !errors.As(err, &invalid) || invalid.Violations[0].Field != "email" {
		t.Errorf("add no e-mail: %v, want a violation of email", err)
	}
}

func TestAPromotionChangesThePasswordAndEndsAllSessions(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	register(t, s, "ada@example.com")
	before := login(t, s, "ada@example.com")
	ctx, events := securitytest.Record(t.Context(), t)
	first, err := s.PromoteToStaff(ctx, "ADA@example.com")
	if err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.RoleGranted, before.Customer.ID)
	refused(t, s, "a session from before the promotion", before.Refresh)
	tokens, err := s.Login(t.Context(), "ada@example.com", first)
	if err != nil || !staffed(t, issuer, tokens) {
		t.Errorf("login with the new password: %v; want one of staff", err)
	}
	second, err := s.PromoteToStaff(t.Context(), "ada@example.com") // as if the first password was lost
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range []customers.Secret{password, first} {
		if _, err := s.Login(t.Context(), "ada@example.com", old); !errors.Is(err, customers.ErrInvalidCredentials) {
			t.Errorf("login with an old password: %v, want ErrInvalidCredentials", err)
		}
	}
	tokens, err = s.Login(t.Context(), "ada@example.com", second)
	if err != nil || len(tokens.Customer.Roles) != 2 {
		t.Errorf("login: %v with the roles %v, want the two", err, tokens.Customer.Roles)
	}
	if _, err := s.PromoteToStaff(t.Context(), "nobody@example.com"); !errors.Is(err, customers.ErrNotFound) {
		t.Errorf("promote an unknown address: %v, want ErrNotFound", err)
	}
}
