package customers_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

var longAgo = time.Now().Add(-time.Hour)

func TestAForgottenPasswordIsReplacedByMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ctx, events := securitytest.Record(t.Context(), t)
	ada := register(t, o.Service, "ada@example.com")
	there := login(t, o.Service, "ada@example.com")
	if err := o.RequestPasswordReset(ctx, " Ada@Example.COM "); err != nil {
		t.Fatal(err)
	}
	if err := o.SendMails(ctx); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.PasswordResetMailed, ada.ID)
	token := o.tokensOf(t, "ada@example.com", reset)[0]
	if err := o.ResetPassword(ctx, token, newPassword); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.PasswordChanged, ada.ID)
	refused(t, o.Service, "a session from before", there.Refresh)
	if _, err := o.Login(ctx, "ada@example.com", password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("the old password: %v", err)
	}
	login := func() error { _, err := o.Login(ctx, "ada@example.com", newPassword); return err }
	if err := login(); err != nil {
		t.Errorf("the new password: %v", err)
	}
	o.deliver(t)
	if got, want := o.subjects("ada@example.com"), []string{confirm, reset, changed}; !slices.Equal(got, want) {
		t.Errorf("the mails: %q, want %q", got, want)
	}
	records, _, err := o.store.List(ctx, audit.Filter{Subject: ada.ID, Limit: 10})
	if err != nil || len(records) != 1 || records[0].Action != audit.PasswordChanged || records[0].Actor.ID != ada.ID || records[0].Actor.Kind != audit.Customer {
		t.Errorf("the audit log: %+v, %v", records, err)
	}
	if err := o.ResetPassword(ctx, token, "yet another horse"); !errors.Is(err, customers.ErrInvalidMailToken) {
		t.Errorf("the token again: %v", err)
	}
	events.Expect(t, security.MailTokenRefused, ada.ID)
	if err := login(); err != nil {
		t.Errorf("after that: %v", err)
	}
}

func TestATokenIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret{
		"once it has expired": func(t *testing.T, o office, _ customers.Customer, token customers.Secret) customers.Secret {
			o.expire(t.Context(), t)
			return token
		},
		"once a newer mail was sent": func(t *testing.T, o office, _ customers.Customer, token customers.Secret) customers.Secret {
			o.resetToken(t, "ada@example.com")
			return token
		},
		"once the password was changed": func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret {
			if err := o.ChangePassword(t.Context(), ada.ID, "", password, "the third horse"); err != nil {
				t.Fatal(err)
			}
			return token
		},
		"once the account was deleted": func(t *testing.T, o office, ada customers.Customer, token customers.Secret) customers.Secret {
			if err := o.DeleteAccount(t.Context(), ada.ID, password); err != nil {
				t.Fatal(err)
			}
			register(t, o.Service, "ada@example.com")
			return token
		},
		"if it is for something else": func(t *testing.T, o office, ada customers.Customer, _ customers.Secret) customers.Secret {
			return o.confirmationToken(t, ada)
		},
		"if it is cut": func(_ *testing.T, _ office, _ customers.Customer, token customers.Secret) customers.Secret {
			return token[:42]
		},
		"if it is longer": func(_ *testing.T, _ office, _ customers.Customer, token customers.Secret) customers.Secret {
			return token + "A"
		},
		"if it is its hash, which the database has": func(t *testing.T, o office, _ customers.Customer, _ customers.Secret) customers.Secret {
			var d struct {
				Hash string `bson:"_id"`
			}
			if err := o.db.Collection("mail_tokens").FindOne(t.Context(), bson.D{{Key: "kind", Value: "reset_password"}}).Decode(&d); err != nil {
				t.Fatal(err)
			}
			return customers.Secret(d.Hash)
		},
		"if it is empty": func(*testing.T, office, customers.Customer, customers.Secret) customers.Secret { return "" },
		"if it is huge": func(*testing.T, office, customers.Customer, customers.Secret) customers.Secret {
			return customers.Secret(strings.Repeat("A", 1<<20))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, inbox.Config{})
			ada := register(t, o.Service, "ada@example.com")
			token := spoil(t, o, ada, o.resetToken(t, "ada@example.com"))
			if err := o.ResetPassword(t.Context(), token, newPassword); !errors.Is(err, customers.ErrInvalidMailToken) {
				t.Errorf("%v", err)
			}
			if _, err := o.Login(t.Context(), "ada@example.com", newPassword); !errors.Is(err, customers.ErrInvalidCredentials) {
				t.Errorf("the new password signs in: %v", err)
			}
		})
	}
}

func TestAWeakPasswordDoesNotUseUpTheToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	token := o.resetToken(t, "ada@example.com")
	for _, weak := range []customers.Secret{"short", "password", "ada@example.com"} {
		var invalid *field.Error
		if err := o.ResetPassword(t.Context(), token, weak); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "password") {
			t.Errorf("%v", err)
		}
	}
	if err := o.ResetPassword(t.Context(), token, newPassword); err != nil {
		t.Error(err)
	}
}

func TestGuessedTokensChangeNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, "ada@example.com")
	token := o.resetToken(t, "ada@example.com")
	raw, err := base64.RawURLEncoding.DecodeString(string(token))
	if err != nil || len(raw) != 32 {
		t.Fatalf("a token of %d bytes, %v; want 32", len(raw), err)
	}
	const guesses = 2000
	for i := range guesses {
		guess := slices.Clone(raw)
		if i < 256 { // one bit is wrong
			guess[i/8] ^= 1 << (i % 8)
		} else {
			_, _ = rand.Read(guess)
		}
		secret := customers.Secret(base64.RawURLEncoding.EncodeToString(guess))
		if err := o.ResetPassword(t.Context(), secret, newPassword); !errors.Is(err, customers.ErrInvalidMailToken) {
			t.Fatalf("guess %d: %v", i, err)
		}
		if err := o.VerifyEmail(t.Context(), secret); !errors.Is(err, customers.ErrInvalidMailToken) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if found, err := o.Customer(t.Context(), ada.ID); err != nil || found.PasswordVersion != 0 || found.Mailbox.Verified {
		t.Errorf("%+v, %v", found, err)
	}
	t.Logf("measured: %d guesses, 256 of them wrong in one bit, none accepted", guesses)
}

func TestOfConcurrentUsesOfATokenOneSucceeds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada, bob := register(t, o.Service, "ada@example.com"), register(t, o.Service, "bob@example.com")
	resets, confirmation := o.resetToken(t, "ada@example.com"), o.confirmationToken(t, bob)
	// Every password is another, so that one can tell whose it is.
	const uses = 50
	var won, refused, verified atomic.Int64
	var winner atomic.Value
	var wg sync.WaitGroup
	count := func(err error, won *atomic.Int64) bool {
		switch {
		case err == nil:
			won.Add(1)
		case errors.Is(err, customers.ErrInvalidMailToken):
			refused.Add(1)
		default:
			t.Error(err)
		}
		return err == nil
	}
	for i := range uses {
		wg.Go(func() {
			next := customers.Secret(fmt.Sprintf("the %d. purple horse", i))
			if count(o.ResetPassword(t.Context(), resets, next), &won) {
				winner.Store(next)
			}
		})
		wg.Go(func() { count(o.VerifyEmail(t.Context(), confirmation), &verified) })
	}
	wg.Wait()
	if won.Load() != 1 || verified.Load() != 1 || refused.Load() != 2*uses-2 {
		t.Errorf("%d of %d resets and %d of %d confirmations succeeded, and %d were refused", won.Load(), uses, verified.Load(), uses, refused.Load())
	}
	next, _ := winner.Load().(customers.Secret)
	if _, err := o.Login(t.Context(), "ada@example.com", next); err != nil {
		t.Errorf("the password of the one that succeeded: %v", err)
	}
	if found, err := o.Customer(t.Context(), ada.ID); err != nil || found.PasswordVersion != 1 || !o.verified(t, bob) {
		t.Errorf("%+v, %v", found, err)
	}
	o.deliver(t)
	o.deliver(t)
	if got := o.subjects("ada@example.com"); !slices.Equal(got, []string{confirm, reset, changed}) {
		t.Errorf("the mails: %q", got)
	}
}

func TestATokenBelongsToOneAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	const people = 5
	tokens := map[string]customers.Secret{}
	var all []customers.Customer
	for i := range people {
		c := register(t, o.Service, fmt.Sprintf("person%d@example.com", i))
		all = append(all, c)
		tokens[c.ID] = o.resetToken(t, c.Email)
	}
	for i, c := range all {
		if err := o.ResetPassword(t.Context(), tokens[c.ID], newPassword); err != nil {
			t.Fatal(err)
		}
		for j, other := range all {
			found, err := o.Customer(t.Context(), other.ID)
			if want := j <= i; err != nil || (found.PasswordVersion == 1) != want {
				t.Errorf("after the reset of %d, the password of %d has version %d, %v", i, j, found.PasswordVersion, err)
			}
		}
	}
}

func TestAnAddressWithoutAnAccountIsTreatedLikeOneWith(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	o.deliver(t)
	for _, address := range []string{"ada@example.com", "nobody@example.com"} {
		for range 3 {
			if err := o.RequestPasswordReset(t.Context(), address); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	if n := o.waiting(t); n != 6 {
		t.Errorf("%d requests wait, want all, whether there is an account or not", n)
	}
	o.deliver(t)
	if got := o.subjects("ada@example.com"); !slices.Equal(got, []string{confirm, reset}) || len(o.inbox.To("nobody@example.com")) != 0 || o.waiting(t) != 0 {
		t.Errorf("ada has %q, nobody has %d mails, %d wait", got, len(o.inbox.To("nobody@example.com")), o.waiting(t))
	}
	for _, text := range []string{"", "ada", "ada@example.com\r\nBcc: eve@example.com", "@", strings.Repeat("a", 300) + "@example.com"} {
		var invalid *field.Error
		if err := o.RequestPasswordReset(t.Context(), text); !errors.As(err, &invalid) {
			t.Errorf("%q: %v, want a *field.Error", text, err)
		}
	}
}

// In pairs, because the machine does other things, which slow both of a pair down.
func TestAskingForAnUnknownAddressTakesAsLong(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{Reply: func(string, string) error { return inbox.Refusal(451, "later") }})
	const pairs = 200
	took := map[string][]time.Duration{}
	ask := func(kind string, i int) {
		start := time.Now()
		if err := o.RequestPasswordReset(t.Context(), fmt.Sprintf("%s%d@example.com", kind, i)); err != nil {
			t.Fatal(err)
		}
		took[kind] = append(took[kind], time.Since(start))
	}
	if err := o.copies(t, "known", pairs); err != nil {
		t.Fatal(err)
	}
	// The mails to the known addresses wait, because the server is away, and those to the others do not exist.
	for i := range pairs {
		for _, kind := range []string{"known", "nobody"} {
			if err := o.RequestPasswordReset(t.Context(), fmt.Sprintf("%s%d@example.com", kind, i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.deliver(t)
	if n := o.waiting(t); n != pairs+1 { // and the confirmation of the first account
		t.Fatalf("%d mails wait", n)
	}
	for i := range pairs {
		if i%2 == 0 {
			ask("known", i)
			ask("nobody", i)
		} else {
			ask("nobody", i)
			ask("known", i)
		}
	}
	var longer int
	for i := range pairs {
		if took["known"][i] > took["nobody"][i] {
			longer++
		}
	}
	for _, all := range took {
		slices.Sort(all)
	}
	known, nobody := took["known"][pairs/2], took["nobody"][pairs/2]
	t.Logf("measured: of %d pairs, the address with an account took longer in %d; medians %v and %v", pairs, longer, known, nobody)
	// Without a difference, the number is within 4 standard deviations (of 7) of the half, but for 1 in 16,000 runs.
	if longer < pairs/2-28 || longer > pairs/2+28 {
		t.Errorf("an address with an account took longer in %d of %d pairs", longer, pairs)
	}
}

// copies makes accounts by copying one, because hashing their passwords would take long.
func (o office) copies(t *testing.T, name string, n int) error {
	first := register(t, o.Service, name+"@example.com")
	c, err := o.store.Find(t.Context(), first.ID)
	for i := 0; i < n && err == nil; i++ {
		c.ID, c.Email = fmt.Sprintf("%s-%d", first.ID[:30], i), fmt.Sprintf("%s%d@example.com", name, i)
		err = o.store.Insert(t.Context(), c)
	}
	return err
}
