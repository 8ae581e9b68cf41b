package customers_test

import (
	"context"
	"log/slog"
	"regexp"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/mail"
	"souk/testkit/inbox"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/letter"
	"souk/services/customers/internal/mongo"
)

// office is a service that sends mails, and the inbox that they arrive in.
type office struct {
	*customers.Service
	db    *driver.Database
	store *mongo.Store
	inbox *inbox.Inbox
}

func newOffice(t *testing.T, cfg inbox.Config) office {
	t.Helper()
	b, err := inbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	db := mongotest.New(t)
	o := office{db: db, store: mongo.New(db), inbox: b}
	if err := o.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Service = o.replica(t)
	return o
}

// replica returns another service on the same database.
func (o office) replica(t *testing.T) *customers.Service {
	t.Helper()
	sender, err := mail.New(mail.Config{Addr: o.inbox.Addr(), TLS: mail.Off, From: "Souk <shop@example.com>"})
	if err != nil {
		t.Fatal(err)
	}
	s := on(t, o.store)
	s.SendThrough(letter.New(sender, "https://shop.example"), slog.New(slog.DiscardHandler))
	return s
}

// deliver sends what is due.
func (o office) deliver(t *testing.T) {
	t.Helper()
	if err := o.SendMails(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// makeDue makes everything in the outbox due, as if time had passed.
func (o office) makeDue(t *testing.T) {
	t.Helper()
	past := bson.D{{Key: "$set", Value: bson.D{{Key: "due_at", Value: bson.NewDateTimeFromTime(longAgo)}}}}
	if _, err := o.db.Collection("outbox").UpdateMany(t.Context(), bson.D{}, past); err != nil {
		t.Fatal(err)
	}
}

// subjects returns the subjects of the mails to an address.
func (o office) subjects(address string) (all []string) {
	for _, m := range o.inbox.To(address) {
		all = append(all, m.Subject)
	}
	return all
}

var link = regexp.MustCompile(`https://shop\.example/[a-z-]+#token=([A-Za-z0-9_-]{43})\s`)

// tokensOf returns the tokens in the mails to an address with a subject, the oldest first.
func (o office) tokensOf(t *testing.T, address, subject string) (all []customers.Secret) {
	t.Helper()
	for _, m := range o.inbox.To(address) {
		if m.Subject != subject {
			continue
		}
		match := link.FindStringSubmatch(m.Text)
		if match == nil {
			t.Fatalf("there is no link in %q", m.Text)
		}
		all = append(all, customers.Secret(match[1]))
	}
	return all
}

const (
	confirm = "Confirm your e-mail address"
	reset   = "Set a new password"
	changed = "Your password was changed"
)

// resetToken asks for a new password and returns the token of the mail.
func (o office) resetToken(t *testing.T, address string) customers.Secret {
	t.Helper()
	if err := o.RequestPasswordReset(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	all := o.tokensOf(t, address, reset)
	if len(all) == 0 {
		t.Fatalf("%s got no mail", address)
	}
	return all[len(all)-1]
}

// confirmationToken asks for a confirmation and returns the token of the mail.
func (o office) confirmationToken(t *testing.T, c customers.Customer) customers.Secret {
	t.Helper()
	if err := o.RequestEmailVerification(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	all := o.tokensOf(t, c.Email, confirm)
	return all[len(all)-1]
}

func (o office) verified(t *testing.T, c customers.Customer) bool {
	t.Helper()
	found, err := o.Customer(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	return found.Mailbox.Verified
}

// waiting returns the number of mails in the outbox.
func (o office) waiting(t *testing.T) int64 {
	t.Helper()
	return count(t, o.db, "outbox")
}

// expire ends all tokens, as if time had passed.
func (o office) expire(ctx context.Context, t *testing.T) {
	t.Helper()
	past := bson.D{{Key: "$set", Value: bson.D{{Key: "expires_at", Value: bson.NewDateTimeFromTime(longAgo)}}}}
	if _, err := o.db.Collection("mail_tokens").UpdateMany(ctx, bson.D{}, past); err != nil {
		t.Fatal(err)
	}
}
