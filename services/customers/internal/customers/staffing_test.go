package customers_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"souk/platform/access"
	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

const invited = "Your invitation to run the shop"

// hire invites somebody, who sets a password.
func (o office) hire(t *testing.T, email string, roles ...string) customers.Customer {
	t.Helper()
	c, err := o.InviteStaff(t.Context(), email, roles)
	if err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	all := o.tokensOf(t, email, invited)
	if err := o.ResetPassword(t.Context(), all[len(all)-1], password); err != nil {
		t.Fatal(err)
	}
	return c
}

// scopes returns the scopes of the access token of a sign-in.
func scopes(t *testing.T, issuer *token.Issuer, tokens customers.Tokens) string {
	t.Helper()
	caller, err := access.NewVerifier(issuer).Verify(t.Context(), string(tokens.Access))
	if err != nil {
		t.Fatal(err)
	}
	return access.ScopeText(caller.Scopes)
}

// actions returns the actions of the audit log about an account, the newest first.
func (o office) actions(t *testing.T, id string) (all []audit.Action) {
	t.Helper()
	records, _, err := o.store.List(t.Context(), audit.Filter{Subject: id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		all = append(all, r.Action)
	}
	return all
}

func TestAnInvitedPersonSignsInWithTheRolesOfTheInvitation(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ctx, events := securitytest.Record(t.Context(), t)
	c, err := o.InviteStaff(ctx, " Eve@Example.com ", []string{"catalog", "fulfilment"})
	if err != nil || c.Email != "eve@example.com" || !slices.Equal(c.StaffRoles(), []string{"fulfilment", "catalog"}) {
		t.Fatalf("%+v, %v", c, err)
	}
	events.Expect(t, security.RoleGranted, c.ID)
	if _, err := o.Login(ctx, "eve@example.com", password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("signing in before the password is set: %v", err)
	}
	o.deliver(t)
	secret := o.tokensOf(t, "eve@example.com", invited)[0]
	if err := o.VerifyEmail(ctx, secret); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("the invitation as a confirmation: %v", err)
	}
	if err := o.ResetPassword(ctx, secret, password); err != nil {
		t.Fatal(err)
	}
	if err := o.ResetPassword(ctx, secret, newPassword); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("the invitation again: %v", err)
	}
	const want = "catalog:read catalog:write inventory:read inventory:write orders:read orders:write"
	if got := scopes(t, newIssuer(t, o.store), login(t, o.Service, "eve@example.com")); got != want {
		t.Errorf("the token has %q, want %q", got, want)
	}
	if got := o.actions(t, c.ID); !slices.Equal(got, []audit.Action{audit.PasswordChanged, audit.RoleGranted}) {
		t.Errorf("the audit log: %v", got)
	}
}

// Anyone may have opened the account of the address.
func TestACustomerWhoIsInvitedHasToProveTheAddress(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	before := login(t, o.Service, "ada@example.com")
	c, err := o.InviteStaff(t.Context(), "ada@example.com", []string{"owner"})
	if err != nil || c.ID != before.Customer.ID {
		t.Fatalf("%+v, %v", c, err)
	}
	refused(t, o.Service, "a session from before the invitation", before.Refresh)
	if _, err := o.Login(t.Context(), "ada@example.com", password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("the password from before the invitation: %v", err)
	}
	if _, err := o.InviteStaff(t.Context(), "ADA@example.com", []string{"support"}); !errors.Is(err, customers.ErrEmailTaken) {
		t.Errorf("inviting staff: %v", err)
	}
}

func TestAnInvitationNamesBadFields(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	for _, test := range []struct {
		email, field string
		roles        []string
	}{
		{"no e-mail", "email", []string{"support"}},
		{"eve@example.com", "roles", nil},
		{"eve@example.com", "roles", []string{"chief"}},
		{"eve@example.com", "roles", []string{"support", "support"}},
		{"eve@example.com", "roles", []string{customers.RoleCustomer}},
		{"eve@example.com", "roles", []string{customers.RoleOwner}},
		{"eve@example.com", "roles", []string{customers.RoleDisabled}},
	} {
		var invalid *field.Error
		if _, err := s.InviteStaff(t.Context(), test.email, test.roles); !errors.As(err, &invalid) || invalid.Violations[0].Field != test.field {
			t.Errorf("%s as %v: %v, want a violation of %s", test.email, test.roles, err, test.field)
		}
	}
}

func TestOtherRolesTakeEffectWithTheNextToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	issuer := newIssuer(t, o.store)
	o.hire(t, "boss@example.com", "owner")
	c := o.hire(t, "eve@example.com", "manager")
	tokens := login(t, o.Service, "eve@example.com")
	ctx, events := securitytest.Record(t.Context(), t)
	if changed, err := o.ChangeRoles(ctx, c.ID, []string{"catalog"}); err != nil || !slices.Equal(changed.StaffRoles(), []string{"catalog"}) {
		t.Fatalf("%+v, %v", changed, err)
	}
	events.Expect(t, security.RolesChanged, c.ID)
	if got := scopes(t, issuer, refresh(t, o.Service, tokens.Refresh)); got != "catalog:read catalog:write inventory:read" {
		t.Errorf("the next token has %q", got)
	}
	if _, err := o.ChangeRoles(ctx, c.ID, []string{"catalog"}); err != nil {
		t.Errorf("again: %v", err)
	}
	if got := o.actions(t, c.ID); !slices.Equal(got, []audit.Action{audit.RolesChanged, audit.PasswordChanged, audit.RoleGranted}) {
		t.Errorf("the audit log: %v", got)
	}
	ada := register(t, o.Service, "ada@example.com")
	for _, id := range []string{ada.ID, noAccount, "", "no-id"} {
		if _, err := o.ChangeRoles(ctx, id, []string{"owner"}); !errors.Is(err, customers.ErrStaffNotFound) {
			t.Errorf("roles for %q: %v", id, err)
		}
		if err := o.DisableStaff(ctx, id); !errors.Is(err, customers.ErrStaffNotFound) {
			t.Errorf("disabling %q: %v", id, err)
		}
	}
	if got := scopes(t, issuer, login(t, o.Service, "ada@example.com")); got != "" {
		t.Errorf("a customer has %q", got)
	}
}

const noAccount = "0198a000-0000-7000-8000-000000000000"

func TestNobodyGetsIntoADisabledAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	o.hire(t, "boss@example.com", "owner")
	c := o.hire(t, "eve@example.com", "owner")
	tokens := login(t, o.Service, "eve@example.com")
	asked := o.resetToken(t, "eve@example.com")
	ctx, events := securitytest.Record(t.Context(), t)
	for range 2 { // the second changes nothing
		if err := o.DisableStaff(ctx, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	events.Expect(t, security.StaffDisabled, c.ID)
	refused(t, o.Service, "a session from before", tokens.Refresh)
	if _, err := o.Login(ctx, "eve@example.com", password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("the password: %v", err)
	}
	if err := o.ResetPassword(ctx, asked, newPassword); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("a token from before: %v", err)
	}
	mails := len(o.subjects("eve@example.com"))
	if err := o.RequestPasswordReset(ctx, "eve@example.com"); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	if got := o.subjects("eve@example.com"); len(got) != mails {
		t.Errorf("a disabled account got the mails %q", got[mails:])
	}
	if _, err := o.ChangeRoles(ctx, c.ID, []string{"owner"}); !errors.Is(err, customers.ErrStaffNotFound) {
		t.Errorf("roles for a disabled account: %v", err)
	}
	if page, _, err := o.Staff(ctx, "", 0); err != nil || len(page) != 1 || page[0].Email != "boss@example.com" {
		t.Errorf("%+v, %v; want the boss alone", page, err)
	}
	if got := o.actions(t, c.ID)[0]; got != audit.StaffDisabled {
		t.Errorf("the audit log ends with %v", got)
	}
	if err := o.EnsureStaff(ctx, "eve@example.com", password); !errors.Is(err, customers.ErrNotStaff) {
		t.Errorf("a restart with the address: %v, want ErrNotStaff", err)
	}
	o.hire(t, "eve@example.com", "support")
	if got := scopes(t, newIssuer(t, o.store), login(t, o.Service, "eve@example.com")); got == "" {
		t.Error("an account that was invited again has no scopes")
	}
}

func TestTheShopKeepsAnOwner(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	boss := o.hire(t, "boss@example.com", "owner", "support")
	if err := o.DisableStaff(t.Context(), boss.ID); !errors.Is(err, customers.ErrLastOwner) {
		t.Errorf("disabling the last owner: %v", err)
	}
	if _, err := o.ChangeRoles(t.Context(), boss.ID, []string{"manager"}); !errors.Is(err, customers.ErrLastOwner) {
		t.Errorf("demoting the last owner: %v", err)
	}
	if _, err := o.ChangeRoles(t.Context(), boss.ID, []string{"owner"}); err != nil {
		t.Errorf("the last owner without another role: %v", err)
	}
}

func TestOfOwnersWhoDemoteEachOtherAtOnceOneIsLeft(t *testing.T) {
	t.Parallel()
	const owners, rounds = 4, 5
	o := newOffice(t, inbox.Config{})
	var made atomic.Int64
	for round := range rounds {
		for i := range owners {
			if _, err := o.InviteStaff(t.Context(), fmt.Sprintf("owner-%d-%d@example.com", round, i), []string{"owner"}); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for i, owner := range o.owners(t) {
			replica := o.replica(t)
			wg.Go(func() {
				demote := func() error { _, err := replica.ChangeRoles(t.Context(), owner.ID, []string{"manager"}); return err }
				if i%2 == 0 {
					demote = func() error { return replica.DisableStaff(t.Context(), owner.ID) }
				}
				if err := demote(); err == nil {
					made.Add(1)
				} else if !errors.Is(err, customers.ErrLastOwner) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if left := o.owners(t); len(left) != 1 {
			t.Fatalf("round %d: %d owners are left", round, len(left))
		}
	}
	if made.Load() != owners*rounds-1 {
		t.Errorf("%d were demoted, want all but one of %d", made.Load(), owners*rounds)
	}
}

func (o office) owners(t *testing.T) []customers.Customer {
	t.Helper()
	found, err := o.store.WithRoles(t.Context(), []string{customers.RoleOwner}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStaffAreListedPageByPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	var want []string
	for i := range 5 {
		c, err := o.InviteStaff(t.Context(), fmt.Sprintf("staff-%d@example.com", i), []string{"support"})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, c.ID)
	}
	var got []string
	for cursor := ""; ; {
		page, next, err := o.Staff(t.Context(), cursor, 2)
		if err != nil || len(page) > 2 {
			t.Fatalf("%d, %v", len(page), err)
		}
		for _, c := range page {
			got = append(got, c.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, _, err := o.Staff(t.Context(), "x", 0); !errors.Is(err, customers.ErrBadCursor) {
		t.Errorf("a bad cursor: %v", err)
	}
	var invalid *field.Error
	for _, limit := range []int{-1, 101} {
		if _, _, err := o.Staff(t.Context(), "", limit); !errors.As(err, &invalid) || invalid.Violations[0].Field != "limit" {
			t.Errorf("%d: %v, want a violation of limit", limit, err)
		}
	}
}
