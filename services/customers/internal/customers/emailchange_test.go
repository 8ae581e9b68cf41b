package customers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

const (
	newAddress       = "Confirm your new e-mail address"
	addressRequested = "Your e-mail address is to be changed"
	addressChanged   = "Your e-mail address was changed"

	oldHome, newHome = "ada@example.com", "ada@example.org"
)

// changeToken asks for another address and returns the token of the mail.
func (o office) changeToken(t *testing.T, c customers.Customer, address string) customers.Secret {
	t.Helper()
	if err := o.RequestEmailChange(t.Context(), c.ID, address, password); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	found, err := o.Customer(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	all := o.tokensOf(t, found.Mailbox.NextAddress, newAddress)
	if len(all) == 0 {
		t.Fatalf("%s got no mail", address)
	}
	return all[len(all)-1]
}

// mustHave checks that an account can be used with an address, and not with others.
func (o office) mustHave(t *testing.T, c customers.Customer, address string, others ...string) {
	t.Helper()
	found, err := o.Customer(t.Context(), c.ID)
	if err != nil || found.Email != address {
		t.Errorf("the account has %q, %v; want %q", found.Email, err, address)
	}
	if tokens, err := o.Login(t.Context(), address, password); err != nil || tokens.Customer.ID != c.ID {
		t.Errorf("a login with %s: %v", address, err)
	}
	for _, other := range others {
		if found, err := o.FindByEmail(t.Context(), other); err == nil && found.ID == c.ID {
			t.Errorf("the account has %s too", other)
		}
	}
	if n := count(t, o.db, "email_changes"); n != 0 {
		t.Errorf("%d changes are left", n)
	}
}

func TestAnAddressChangesOnceItIsConfirmed(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	session := login(t, o.Service, oldHome)
	ctx, events := securitytest.Record(t.Context(), t)
	token := o.changeToken(t, ada, " Ada@Example.ORG")
	o.mustHave(t, ada, oldHome, newHome)
	if err := o.VerifyEmail(ctx, token); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	o.mustHave(t, ada, newHome, oldHome)
	if !o.verified(t, ada) {
		t.Error("the new address is not confirmed")
	}
	events.Expect(t, security.EmailChanged, ada.ID)
	events.Expect(t, security.EmailVerified, ada.ID)
	if got := o.subjects(oldHome); !slices.Equal(got, []string{confirm, addressRequested, addressChanged}) {
		t.Errorf("the old address got %q", got)
	}
	if got := o.subjects(newHome); !slices.Equal(got, []string{newAddress}) || o.waiting(t) != 0 {
		t.Errorf("the new address got %q, and %d mails wait", got, o.waiting(t))
	}
	refresh(t, o.Service, session.Refresh)
	register(t, o.Service, oldHome) // which is free
	page, _, err := o.store.List(t.Context(), audit.Filter{Subject: ada.ID, Action: string(audit.EmailChanged), Limit: 10})
	if err != nil || len(page) != 1 || page[0].Actor.Kind != audit.Customer || page[0].Actor.ID != ada.ID || len(page[0].Detail) != 0 {
		t.Errorf("the audit log: %+v, %v", page, err)
	}
}

func TestAChangeOfTheAddressNeedsThePassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	o.deliver(t)
	ctx, events := securitytest.Record(t.Context(), t)
	for name, test := range map[string]struct {
		address  string
		password customers.Secret
		field    string
	}{
		"a wrong password":    {newHome, "a guess", "password"},
		"no password":         {newHome, "", "password"},
		"no address":          {"ada", password, "email"},
		"the present address": {"ADA@example.com", password, "email"},
	} {
		var invalid *field.Error
		err := o.RequestEmailChange(ctx, ada.ID, test.address, test.password)
		if !errors.As(err, &invalid) || len(invalid.Violations) != 1 || invalid.Violations[0].Field != test.field {
			t.Errorf("%s: %v, want a violation of %s", name, err, test.field)
		}
	}
	if n := len(events.Of(t, security.PasswordConfirmationFailed)); n != 2 {
		t.Errorf("%d wrong passwords were logged, want 2", n)
	}
	if n := o.waiting(t); n != 0 {
		t.Errorf("%d mails wait", n)
	}
}

// Each case spoils a token that was valid, or makes another one of it.
func TestATokenOfAChangeIsRefused(t *testing.T) {
	t.Parallel()
	type spoiler func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret
	for name, spoil := range map[string]spoiler{
		"that is a guess": func(_ *testing.T, _ office, _ customers.Customer, token customers.Secret) customers.Secret {
			return token[1:] + "A"
		},
		"that is empty": func(*testing.T, office, customers.Customer, customers.Secret) customers.Secret { return "" },
		"that is its hash": func(t *testing.T, o office, _ customers.Customer, _ customers.Secret) customers.Secret {
			var d struct {
				Hash string `bson:"_id"`
			}
			if err := o.db.Collection("mail_tokens").FindOne(t.Context(), bson.D{{Key: "kind", Value: "change_email"}}).Decode(&d); err != nil {
				t.Fatal(err)
			}
			return customers.Secret(d.Hash)
		},
		"that has expired": func(t *testing.T, o office, _ customers.Customer, token customers.Secret) customers.Secret {
			o.expire(t.Context(), t)
			return token
		},
		"after a request for another address": func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret {
			o.changeToken(t, ada, "third@example.org")
			return token
		},
		"after another request for the same address": func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret {
			o.changeToken(t, ada, newHome)
			return token
		},
		"after a change of the password": func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret {
			if err := o.changeTwice(t.Context(), ada.ID); err != nil {
				t.Fatal(err)
			}
			return token
		},
		"of an address that was taken since": func(t *testing.T, o office, _ customers.Customer, token customers.Secret) customers.Secret {
			register(t, o.Service, newHome)
			return token
		},
		"that is for another password": func(t *testing.T, o office, _ customers.Customer, _ customers.Secret) customers.Secret {
			return o.resetToken(t, oldHome)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, inbox.Config{})
			ada := register(t, o.Service, oldHome)
			token := spoil(t, o, ada, o.changeToken(t, ada, newHome))
			ctx, events := securitytest.Record(t.Context(), t)
			if err := o.VerifyEmail(ctx, token); !errors.Is(err, customers.ErrInvalidMailToken) {
				t.Errorf("%v, want ErrInvalidMailToken", err)
			}
			o.mustHave(t, ada, oldHome, newHome)
			if n := len(events.Of(t, security.MailTokenRefused)); n != 1 {
				t.Errorf("%d refusals were logged", n)
			}
		})
	}
}

// changeTwice changes the password, and back.
func (o office) changeTwice(ctx context.Context, id string) error {
	return errors.Join(o.ChangePassword(ctx, id, "", password, newPassword), o.ChangePassword(ctx, id, "", newPassword, password))
}

func TestATokenOfAChangeSetsNoPassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	token := o.changeToken(t, register(t, o.Service, oldHome), newHome)
	if err := o.ResetPassword(t.Context(), token, newPassword); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("%v, want ErrInvalidMailToken", err)
	}
}

func TestAnAddressThatIsTakenGetsTheSameMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada, bob := register(t, o.Service, oldHome), register(t, o.Service, newHome)
	token := o.changeToken(t, ada, newHome)
	if err := o.VerifyEmail(t.Context(), token); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("%v, want ErrInvalidMailToken", err)
	}
	o.mustHave(t, ada, oldHome)
	o.mustHave(t, bob, newHome)
}

func TestATokenOfAChangeWorksOnceInARace(t *testing.T) {
	t.Parallel()
	const tries = 50
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	token := o.changeToken(t, ada, newHome)
	changed, refused := o.useAtOnce(t, slices.Repeat([]customers.Secret{token}, tries))
	t.Logf("measured: of %d uses of a token at once, %d worked and %d were refused", tries, changed, refused)
	if changed != 1 || refused != tries-1 {
		t.Errorf("%d worked and %d were refused, want 1 and %d", changed, refused, tries-1)
	}
	o.mustHave(t, ada, newHome, oldHome)
	o.deliver(t)
	if got := o.subjects(oldHome); !slices.Equal(got, []string{confirm, addressRequested, addressChanged}) {
		t.Errorf("the old address got %q", got)
	}
}

// useAtOnce uses tokens at the same time, and returns how many worked and how many were refused.
func (o office) useAtOnce(t *testing.T, tokens []customers.Secret) (worked, refused int64) {
	t.Helper()
	var done, not atomic.Int64
	var wg sync.WaitGroup
	for _, token := range tokens {
		wg.Go(func() {
			switch err := o.VerifyEmail(t.Context(), token); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, customers.ErrInvalidMailToken):
				not.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return done.Load(), not.Load()
}

func TestOfAccountsThatWantAnAddressOneGetsIt(t *testing.T) {
	t.Parallel()
	const accounts = 20
	o := newOffice(t, inbox.Config{})
	if err := o.copies(t, "ada", accounts); err != nil {
		t.Fatal(err)
	}
	all := make([]customers.Customer, accounts)
	for i := range all {
		var err error
		if all[i], err = o.FindByEmail(t.Context(), fmt.Sprintf("ada%d@example.com", i)); err != nil {
			t.Fatal(err)
		}
		if err := o.RequestEmailChange(t.Context(), all[i].ID, newHome, password); err != nil {
			t.Fatal(err)
		}
	}
	o.deliver(t)
	tokens := o.tokensOf(t, newHome, newAddress)
	if len(tokens) != accounts {
		t.Fatalf("%d mails arrived", len(tokens))
	}
	if changed, refused := o.useAtOnce(t, tokens); changed != 1 || refused != accounts-1 {
		t.Errorf("%d accounts got the address, and %d were refused", changed, refused)
	}
	for i, c := range all {
		has, err := o.Customer(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		found, err := o.FindByEmail(t.Context(), fmt.Sprintf("ada%d@example.com", i))
		if moved := has.Email == newHome; moved != errors.Is(err, customers.ErrNotFound) || !moved && found.ID != c.ID {
			t.Errorf("%s has %s: %v", c.Email, has.Email, err)
		}
	}
}

func TestARefusedNewAddressSaysNothingOfThePresentOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{Reply: func(command, address string) error {
		if command == "RCPT" && address == newHome {
			return inbox.Refusal(550, "no such mailbox")
		}
		return nil
	}})
	ada := register(t, o.Service, oldHome)
	if err := o.RequestEmailChange(t.Context(), ada.ID, newHome, password); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	found, err := o.Customer(t.Context(), ada.ID)
	if err != nil || found.Mailbox.Refused || o.waiting(t) != 0 {
		t.Errorf("refused %t, %v, and %d mails wait", found.Mailbox.Refused, err, o.waiting(t))
	}
}
