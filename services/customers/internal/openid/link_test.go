package openid_test

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/security"
	"souk/testkit/openidtest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

// refusedCode returns the code of a sign-in whose address has an account.
func (b *browser) refusedCode(t *testing.T, user openidtest.User) customers.Secret {
	t.Helper()
	code := b.visit(t, user)
	_, err := b.redeem(t, code)
	expect(t, err, customers.ErrLinkRequired, "before the link")
	return code
}

func TestAnAccountIsLinkedOnceBothHaveConfirmedTheAddressAndItsOwnerAgrees(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, events := securitytest.Record(t.Context(), t)
	own := s.register(t, "ada@example.com", true)
	b := s.browser()
	code := b.refusedCode(t, ada)
	// The code waits for the login with the password.
	s.set(t, "sign_ins", bson.D{{Key: "code_hash", Value: bson.D{{Key: "$ne", Value: ""}}}, {Key: "code_until", Value: bson.D{{Key: "$gt", Value: time.Now().Add(4 * time.Minute)}}}}, bson.D{{Key: "provider", Value: "main"}})
	linked, err := s.LinkIdentity(ctx, own.ID, code, b.cookie)
	if err != nil || linked.Provider != "main" || linked.Subject != ada.ID || linked.Issuer != s.provider.URL || linked.Email != ada.Email {
		t.Fatalf("%+v, %v", linked, err)
	}
	events.Expect(t, security.IdentityLinked, own.ID)
	if got := b.mustEnter(t, ada).Customer.ID; got != own.ID {
		t.Errorf("the sign-in is to %s, want %s", got, own.ID)
	}
	_, err = s.LinkIdentity(ctx, own.ID, code, b.cookie)
	expect(t, err, customers.ErrInvalidSignInCode, "the code again")
	data, err := s.PersonalData(t.Context(), own.ID)
	if err != nil || len(data.Identities) != 1 {
		t.Errorf("the personal data: %+v, %v", data, err)
	}
}

func TestALinkNeedsTheSameConfirmedAddress(t *testing.T) {
	t.Parallel()
	unverified := openidtest.User{ID: "u-6", Email: "ada@example.com"}
	for name, test := range map[string]struct {
		email     string
		confirmed bool
		user      openidtest.User
	}{
		"the account has not confirmed":  {"ada@example.com", false, ada},
		"the provider has not confirmed": {"ada@example.com", true, unverified},
		"other addresses":                {"bob@example.com", true, eve},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.provider.Set(test.user)
			own := s.register(t, test.email, test.confirmed)
			ctx, events := securitytest.Record(t.Context(), t)
			b := s.browser()
			code := b.visit(t, test.user)
			_, err := s.LinkIdentity(ctx, own.ID, code, b.cookie)
			expect(t, err, customers.ErrLinkRefused, "the link")
			events.Expect(t, security.IdentityRefused, own.ID)
			if n := s.count(t, "identities"); n != 0 {
				t.Errorf("%d identities", n)
			}
		})
	}
}

// A victim in a session is made to send the code of an attacker.
func TestAStrangersCodeIsNotLinked(t *testing.T) {
	t.Parallel()
	s := open(t)
	victim := s.register(t, "ada@example.com", true)
	attacker, victims := s.browser(), s.browser()
	victims.start(t, "main")
	code := attacker.visit(t, eve)
	_, err := s.LinkIdentity(t.Context(), victim.ID, code, victims.cookie)
	expect(t, err, customers.ErrInvalidSignInCode, "in the victim's browser")
}

func TestANewPasswordInASessionKeepsTheLinkAndAnInvitationEndsIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.register(t, "ada@example.com", true)
	b := s.browser()
	if _, err := s.LinkIdentity(t.Context(), own.ID, b.refusedCode(t, ada), b.cookie); err != nil {
		t.Fatal(err)
	}
	session := b.mustEnter(t, ada)
	if err := s.ChangePassword(t.Context(), own.ID, session.SessionID, password, "another correct horse"); err != nil {
		t.Fatal(err)
	}
	b.mustEnter(t, ada)
	if _, err := s.InviteStaff(t.Context(), "ada@example.com", []string{"support"}); err != nil {
		t.Fatal(err)
	}
	code := b.refusedCode(t, ada)
	if _, err := s.LinkIdentity(t.Context(), own.ID, code, b.cookie); err != nil {
		t.Errorf("it cannot be linked anew: %v", err)
	}
	if got := b.mustEnter(t, ada).Customer; got.ID != own.ID || s.count(t, "identities") != 1 {
		t.Errorf("%+v, %d identities", got, s.count(t, "identities"))
	}
}

func TestADeletionForgetsTheIdentities(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.register(t, "ada@example.com", true)
	b := s.browser()
	if _, err := s.LinkIdentity(t.Context(), own.ID, b.refusedCode(t, ada), b.cookie); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteAccount(t.Context(), own.ID, password); err != nil {
		t.Fatal(err)
	}
	if n := s.count(t, "identities"); n != 0 {
		t.Errorf("%d identities are left", n)
	}
	if got := b.mustEnter(t, ada).Customer.ID; got == own.ID {
		t.Error("the deleted account is back")
	}
}

// The process dies after it has stored the identity, and before the account.
func TestACrashWhileAnAccountIsOpenedDoesNotLockItsOwnerOut(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	id := b.mustEnter(t, ada).Customer.ID
	for _, collection := range []string{"customers", "emails"} {
		if _, err := s.db.Collection(collection).DeleteMany(t.Context(), bson.D{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.enter(t, ada)
	expect(t, err, customers.ErrContended, "while it may still be opened")
	s.set(t, "identities", bson.D{}, bson.D{{Key: "linked_at", Value: time.Now().Add(-2 * time.Minute)}})
	if got := b.mustEnter(t, ada).Customer.ID; got == id || s.count(t, "identities") != 1 {
		t.Errorf("account %s, %d identities", got, s.count(t, "identities"))
	}
}
