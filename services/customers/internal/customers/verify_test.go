package customers_test

import (
	"errors"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

func TestANewAccountConfirmsItsAddressOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ctx, events := securitytest.Record(t.Context(), t)
	ada := register(t, o.Service, "ada@example.com")
	o.deliver(t)
	if o.verified(t, ada) || ada.Mailbox.Verified {
		t.Error("a new account is verified")
	}
	token := o.tokensOf(t, "ada@example.com", confirm)[0]
	if err := o.VerifyEmail(ctx, token); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.EmailVerified, ada.ID)
	if !o.verified(t, ada) {
		t.Error("the address is not verified")
	}
	tokens := login(t, o.Service, "ada@example.com")
	refreshed := refresh(t, o.Service, tokens.Refresh)
	renamed, err := o.Rename(ctx, ada.ID, "Ada Shopper")
	if err != nil || !tokens.Customer.Mailbox.Verified || !refreshed.Customer.Mailbox.Verified || !renamed.Mailbox.Verified {
		t.Errorf("verified at login %t, at refresh %t, when renamed %t, %v", tokens.Customer.Mailbox.Verified, refreshed.Customer.Mailbox.Verified, renamed.Mailbox.Verified, err)
	}
	if err := o.VerifyEmail(ctx, token); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("the token again: %v", err)
	}
	if err := o.RequestEmailVerification(ctx, ada.ID); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	if got := o.subjects("ada@example.com"); !slices.Equal(got, []string{confirm}) || o.waiting(t) != 0 {
		t.Errorf("the mails: %q, and %d wait", got, o.waiting(t))
	}
}

func TestOnlyTheNewestConfirmationCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, "ada@example.com")
	o.deliver(t)
	first := o.tokensOf(t, "ada@example.com", confirm)[0]
	second := o.confirmationToken(t, ada)
	for name, token := range map[string]customers.Secret{"the first mail": first, "a reset": o.resetToken(t, "ada@example.com")} {
		if err := o.VerifyEmail(t.Context(), token); !errors.Is(err, customers.ErrInvalidMailToken) || o.verified(t, ada) {
			t.Errorf("the token of %s: %v", name, err)
		}
	}
	o.expire(t.Context(), t)
	if err := o.VerifyEmail(t.Context(), second); !errors.Is(err, customers.ErrInvalidMailToken) || o.verified(t, ada) {
		t.Errorf("an expired token: %v", err)
	}
	if err := o.VerifyEmail(t.Context(), o.confirmationToken(t, ada)); err != nil || !o.verified(t, ada) {
		t.Errorf("the newest token: %v", err)
	}
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, o.db, "mail_tokens"); n != 1 {
		t.Errorf("%d tokens are left, want the one that has not expired", n)
	}
}

func TestAnAccountOfStaffGetsNoMailByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	if err := o.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	if n := o.waiting(t); n != 0 {
		t.Errorf("%d mails wait", n)
	}
	if _, err := o.PromoteToStaff(t.Context(), "boss@example.com"); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	if got := o.subjects("boss@example.com"); !slices.Equal(got, []string{changed}) {
		t.Errorf("after a new password: %q", got)
	}
}

// What an account's document had before there were mails. An instance of such a version drops everything else when it changes the account.
var fieldsBefore = []string{
	"_id", "email", "name", "roles", "password_hash", "password_version", "kept_session", "addresses", "address_keys", "created_at", "version", "unlogged",
}

func TestAnEarlierVersionDestroysNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, "ada@example.com")
	accounts := o.db.Collection("customers")
	byEarlierVersion := func() {
		var d bson.D
		if err := accounts.FindOne(t.Context(), bson.D{}).Decode(&d); err != nil {
			t.Fatal(err)
		}
		d = slices.DeleteFunc(d, func(e bson.E) bool { return !slices.Contains(fieldsBefore, e.Key) })
		if _, err := accounts.ReplaceOne(t.Context(), bson.D{{Key: "_id", Value: ada.ID}}, d); err != nil {
			t.Fatal(err)
		}
	}
	byEarlierVersion()
	o.deliver(t)
	byEarlierVersion()
	if err := o.VerifyEmail(t.Context(), o.tokensOf(t, "ada@example.com", confirm)[0]); err != nil {
		t.Error(err)
	}
	byEarlierVersion()
	token := o.resetToken(t, "ada@example.com")
	byEarlierVersion()
	if err := o.ResetPassword(t.Context(), token, newPassword); err != nil {
		t.Error(err)
	}
	byEarlierVersion()
	o.deliver(t)
	if got := o.subjects("ada@example.com"); !slices.Equal(got, []string{confirm, reset, changed}) || !o.verified(t, ada) {
		t.Errorf("the mails: %q; verified %t", got, o.verified(t, ada))
	}
}
