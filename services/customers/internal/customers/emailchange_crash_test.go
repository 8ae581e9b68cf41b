package customers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/audit"
	"souk/testkit/inbox"

	"souk/services/customers/internal/customers"
)

// abandoned is a change of an address that began some time ago.
func abandoned(c customers.Customer) customers.EmailChange {
	return customers.EmailChange{CustomerID: c.ID, From: oldHome, To: newHome, MessageID: "m", At: time.Now().Add(-2 * time.Minute)}
}

// claim makes the first writes of a change.
func (o office) claim(ctx context.Context, change customers.EmailChange) error {
	return errors.Join(o.store.BeginEmailChange(ctx, change), o.store.ClaimEmail(ctx, change))
}

// move changes the account's own document.
func (o office) move(ctx context.Context, change customers.EmailChange) error {
	c, err := o.store.Find(ctx, change.CustomerID)
	c.Email = change.To
	return errors.Join(err, o.store.Replace(ctx, c))
}

// Each case is the state after a crash between two writes of a confirmation.
func TestAChangeOfTheAddressOutlivesACrash(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		crash      func(ctx context.Context, o office, change customers.EmailChange) error
		want, free string
	}{
		"after the change was begun": {func(ctx context.Context, o office, change customers.EmailChange) error {
			return o.store.BeginEmailChange(ctx, change)
		}, newHome, oldHome},
		"after the address was claimed": {func(ctx context.Context, o office, change customers.EmailChange) error {
			return o.claim(ctx, change)
		}, newHome, oldHome},
		"after the account was changed": {func(ctx context.Context, o office, change customers.EmailChange) error {
			return errors.Join(o.claim(ctx, change), o.move(ctx, change))
		}, newHome, oldHome},
		"and the password was changed": {func(ctx context.Context, o office, change customers.EmailChange) error {
			return errors.Join(o.claim(ctx, change), o.changeTwice(ctx, change.CustomerID))
		}, oldHome, newHome},
		"and another has the address": {func(ctx context.Context, o office, change customers.EmailChange) error {
			other := customers.Customer{ID: "other", Email: newHome}
			return errors.Join(o.store.BeginEmailChange(ctx, change), o.store.Insert(ctx, other))
		}, oldHome, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, inbox.Config{})
			ada := register(t, o.Service, oldHome)
			if err := test.crash(t.Context(), o, abandoned(ada)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := o.FinishEmailChanges(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			o.mustHave(t, ada, test.want, test.free)
			if n := count(t, o.db, "emails"); n != count(t, o.db, "customers") {
				t.Errorf("%d addresses are taken", n)
			}
		})
	}
}

func TestAChangeThatIsBeingMadeIsLeftAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	token := o.changeToken(t, ada, newHome)
	change := abandoned(ada)
	change.At = time.Now()
	if err := errors.Join(o.store.BeginEmailChange(t.Context(), change), o.FinishEmailChanges(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := o.VerifyEmail(t.Context(), token); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("%v, want ErrInvalidMailToken", err)
	}
	if c, err := o.Customer(t.Context(), ada.ID); err != nil || c.Email != oldHome {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestADeletedAccountLeavesNoAddress(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(ctx context.Context, o office, change customers.EmailChange) error{
		"that was claimed": func(ctx context.Context, o office, change customers.EmailChange) error { return o.claim(ctx, change) },
		"that it got while it was being deleted": func(ctx context.Context, o office, change customers.EmailChange) error {
			return errors.Join(o.store.ClaimEmail(ctx, change), o.move(ctx, change))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, inbox.Config{})
			ada := register(t, o.Service, oldHome)
			deletion, err := audit.NewRecord(t.Context(), audit.Entry{Action: audit.AccountDeleted, Kind: audit.Account, Subject: ada.ID})
			if err := errors.Join(err, crash(t.Context(), o, abandoned(ada)), o.store.Delete(t.Context(), ada, deletion), o.FinishEmailChanges(t.Context())); err != nil {
				t.Fatal(err)
			}
			for _, collection := range []string{"emails", "customers", "email_changes"} {
				if n := count(t, o.db, collection); n != 0 {
					t.Errorf("%d documents are left in %s", n, collection)
				}
			}
		})
	}
}

// If the last write of a registration fails, its intent stays until the sweep.
func TestTheSweepKeepsAnAccountThatGotAnotherAddress(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	if err := o.VerifyEmail(t.Context(), o.changeToken(t, ada, newHome)); err != nil {
		t.Fatal(err)
	}
	left := bson.D{{Key: "_id", Value: ada.ID}, {Key: "email", Value: oldHome}, {Key: "at", Value: longAgo}}
	if _, err := o.db.Collection("intents").InsertOne(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	if err := o.SweepUnreachable(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.mustHave(t, ada, newHome)
	if n := count(t, o.db, "intents"); n != 0 {
		t.Errorf("%d intents are left", n)
	}
}
