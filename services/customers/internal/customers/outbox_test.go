package customers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/testkit/inbox"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// post is a mailer that answers as told.
type post struct {
	result func(customers.Letter) error
	sent   atomic.Int64
}

func (p *post) Send(_ context.Context, l customers.Letter) error {
	err := p.result(l)
	if err == nil {
		p.sent.Add(1)
	}
	return err
}

func TestAMailWaitsWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	away.Store(true)
	o := newOffice(t, inbox.Config{Reply: func(string, string) error {
		if away.Load() {
			return inbox.Refusal(451, "later, <ada@example.com>")
		}
		return nil
	}})
	var log strings.Builder
	o.Service = o.logging(t, &log)
	register(t, o.Service, "ada@example.com")
	for range 3 {
		o.deliver(t)
		o.deliver(t) // it is not due again at once
		o.makeDue(t)
	}
	var d struct {
		Attempts []struct{ Reason string }
	}
	if err := o.db.Collection("outbox").FindOne(t.Context(), bson.D{}).Decode(&d); err != nil {
		t.Fatal(err)
	}
	if len(d.Attempts) != 3 || !strings.Contains(d.Attempts[2].Reason, "451") || strings.Contains(d.Attempts[2].Reason, "ada") {
		t.Errorf("the attempts: %+v", d.Attempts)
	}
	away.Store(false)
	o.deliver(t)
	if got := o.subjects("ada@example.com"); !slices.Equal(got, []string{confirm}) || o.waiting(t) != 0 {
		t.Errorf("the mails: %q, and %d wait", got, o.waiting(t))
	}
	if n := strings.Count(log.String(), "a mail could not be sent, and waits"); n != 3 || strings.Contains(log.String(), "ada@") || strings.Contains(log.String(), "token=") {
		t.Errorf("%d lines: %s", n, log.String())
	}
}

// logging returns a service like replica, with a log.
func (o office) logging(t *testing.T, log *strings.Builder) *customers.Service {
	t.Helper()
	s := o.replica(t)
	s.SendThrough(s.Mailer(), slog.New(slog.NewTextHandler(log, nil)))
	return s
}

func TestARefusedAddressIsMarkedUntilAMailArrives(t *testing.T) {
	t.Parallel()
	var refused atomic.Bool
	refused.Store(true)
	o := newOffice(t, inbox.Config{Reply: func(command, _ string) error {
		if refused.Load() && command == "RCPT" {
			return inbox.Refusal(550, "no such mailbox: <ada@example.com>")
		}
		return nil
	}})
	ada := register(t, o.Service, "ada@example.com")
	marked := func() bool {
		found, err := o.Customer(t.Context(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		return found.Mailbox.Refused
	}
	o.deliver(t)
	if !marked() || o.waiting(t) != 0 {
		t.Errorf("marked %t, and %d mails wait", marked(), o.waiting(t))
	}
	refused.Store(false)
	o.confirmationToken(t, ada)
	if marked() {
		t.Error("the address is marked, although a mail has arrived")
	}
}

func TestAMailIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	register(t, o.Service, "bob@example.com")
	for who, age := range map[string]time.Duration{"ada": customers.MailLife + time.Minute, "bob": customers.MailLife - time.Minute} {
		c, err := o.FindByEmail(t.Context(), who+"@example.com")
		if err != nil {
			t.Fatal(err)
		}
		at := bson.D{{Key: "$set", Value: bson.D{{Key: "created_at", Value: time.Now().Add(-age)}}}}
		if _, err := o.db.Collection("outbox").UpdateOne(t.Context(), bson.D{{Key: "customer_id", Value: c.ID}}, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.GiveUpMails(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	if ada, bob := o.subjects("ada@example.com"), o.subjects("bob@example.com"); len(ada) != 0 || len(bob) != 1 {
		t.Errorf("the mails: %q and %q", ada, bob)
	}
}

// Each case is the state after a crash between two writes.
func TestNoMailIsLostInACrash(t *testing.T) {
	t.Parallel()
	change := func(t *testing.T, o office, ada customers.Customer) {
		if err := o.ChangePassword(t.Context(), ada.ID, "", password, newPassword); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		crash func(t *testing.T, o office, ada customers.Customer)
		want  int
	}{
		"after the mail was announced, before the change": {func(t *testing.T, o office, ada customers.Customer) {
			announced := customers.Mail{
				ID: "password_changed " + ada.ID + " 1", MessageID: "m", Kind: customers.PasswordChanged, CustomerID: ada.ID, PasswordVersion: 1,
				CreatedAt: longAgo, DueAt: longAgo.Add(time.Minute),
			}
			if err := o.store.AddMail(t.Context(), announced); err != nil {
				t.Fatal(err)
			}
		}, 0},
		"after the change, before its mail was made due": {func(t *testing.T, o office, ada customers.Customer) {
			change(t, o, ada)
			later := bson.D{{Key: "due_at", Value: time.Now().Add(time.Minute)}, {Key: "announced", Value: true}}
			if _, err := o.db.Collection("outbox").UpdateMany(t.Context(), bson.D{}, bson.D{{Key: "$set", Value: later}}); err != nil {
				t.Fatal(err)
			}
			o.deliver(t)
			if n := len(o.subjects("ada@example.com")); n != 0 {
				t.Errorf("%d mails arrived early", n)
			}
		}, 1},
		"after a replica has taken the mail": {func(t *testing.T, o office, ada customers.Customer) {
			change(t, o, ada)
			due, err := o.store.DueMails(t.Context(), time.Now(), 10)
			if err != nil || len(due) != 1 {
				t.Fatalf("%+v, %v", due, err)
			}
			was := due[0].DueAt
			due[0].DueAt = time.Now().Add(time.Minute)
			if err := o.store.PutOffMail(t.Context(), due[0], was); err != nil {
				t.Fatal(err)
			}
			if err := o.store.PutOffMail(t.Context(), due[0], was); !errors.Is(err, customers.ErrChanged) {
				t.Errorf("a second replica takes it too: %v", err)
			}
		}, 1},
		"after the mail was sent, before it was removed": {func(t *testing.T, o office, ada customers.Customer) {
			change(t, o, ada)
			due, err := o.store.DueMails(t.Context(), time.Now(), 10)
			if err != nil {
				t.Fatal(err)
			}
			o.deliver(t)
			for _, m := range due {
				if err := o.store.AddMail(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, inbox.Config{})
			ada := register(t, o.Service, "ada@example.com")
			if _, err := o.db.Collection("outbox").DeleteMany(t.Context(), bson.D{}); err != nil { // that of the registration
				t.Fatal(err)
			}
			test.crash(t, o, ada)
			o.makeDue(t)
			o.deliver(t)
			mails := o.inbox.To("ada@example.com")
			if len(mails) != test.want || o.waiting(t) != 0 {
				t.Errorf("%d mails arrived, want %d, and %d wait", len(mails), test.want, o.waiting(t))
			}
			for _, m := range mails {
				if m.MessageID != mails[0].MessageID || m.Subject != changed {
					t.Errorf("a copy has another Message-ID or subject: %+v", m)
				}
			}
		})
	}
}

func TestAnAccountThatWasNeverCompletedGetsNoMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	register(t, o.Service, "ada@example.com")
	o.deliver(t)
	if _, err := o.Register(t.Context(), "ada@example.com", password, "Eve"); !errors.Is(err, customers.ErrEmailTaken) {
		t.Fatal(err)
	}
	// A registration that loses the address to another in the last step.
	c := customers.Customer{ID: "loser", Email: "ada@example.com", Mails: []customers.Mail{{
		ID: "confirm_email loser", MessageID: "m", Kind: customers.ConfirmEmail, CustomerID: "loser", CreatedAt: longAgo, DueAt: longAgo.Add(time.Minute),
	}}}
	if err := o.store.Insert(t.Context(), c); !errors.Is(err, customers.ErrEmailTaken) {
		t.Fatal(err)
	}
	o.makeDue(t)
	o.deliver(t)
	if n := len(o.inbox.Mails()); n != 1 || o.waiting(t) != 0 {
		t.Errorf("%d mails arrived, and %d wait", n, o.waiting(t))
	}
}

// A later version, beside which this one runs during an update, may add kinds of mails.
func TestAMailOfALaterVersionStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, "ada@example.com")
	later := customers.Mail{ID: "x", MessageID: "m", Kind: "of a later version", CustomerID: ada.ID, CreatedAt: longAgo, DueAt: longAgo}
	if err := o.store.AddMail(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	o.deliver(t)
	if n := o.waiting(t); n != 1 {
		t.Errorf("%d mails wait, want 1", n)
	}
}

func TestMailsWaitWithoutAServer(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	register(t, s, "ada@example.com")
	if err := s.SendMails(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "outbox"); n != 1 {
		t.Errorf("%d mails wait, want 1", n)
	}
}

func TestReplicasSendEachMailOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	const mails, replicas = 100, 4
	if err := o.copies(t, "ada", mails); err != nil {
		t.Fatal(err)
	}
	for i := range mails {
		if err := o.RequestPasswordReset(t.Context(), fmt.Sprintf("ada%d@example.com", i)); err != nil {
			t.Fatal(err)
		}
	}
	p := &post{result: func(customers.Letter) error { time.Sleep(rand.N(2 * time.Millisecond)); return nil }}
	var wg sync.WaitGroup
	for range replicas {
		s := on(t, o.store)
		s.SendThrough(p, slog.New(slog.DiscardHandler))
		wg.Go(func() {
			if err := s.SendMails(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := p.sent.Load(); n != mails+1 || o.waiting(t) != 0 { // and the registration's
		t.Errorf("%d mails were sent, want %d, and %d wait", n, mails+1, o.waiting(t))
	}
}

// The server is killed, pauses and refuses at random, and so are the replicas that send.
func TestEachMailArrivesWhateverHappens(t *testing.T) {
	t.Parallel()
	const mails, replicas = 60, 3
	trouble := func(command, _ string) error {
		switch rand.N(8) {
		case 0:
			return inbox.Refusal(421, "closing")
		case 1:
			time.Sleep(rand.N(50 * time.Millisecond))
		}
		return nil
	}
	o := newOffice(t, inbox.Config{Reply: trouble})
	if err := o.copies(t, "ada", mails); err != nil {
		t.Fatal(err)
	}
	for i := range mails {
		if err := o.RequestPasswordReset(t.Context(), fmt.Sprintf("ada%d@example.com", i)); err != nil {
			t.Fatal(err)
		}
	}
	addr, boxes := o.inbox.Addr(), []*inbox.Inbox{o.inbox}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	var wg sync.WaitGroup
	var killed atomic.Int64
	for range replicas {
		s := o.replica(t)
		s.Hurry(20*time.Millisecond, 500*time.Millisecond)
		wg.Go(func() {
			for ctx.Err() == nil {
				life, kill := context.WithTimeout(ctx, rand.N(time.Second))
				if err := s.SendMails(life); err != nil {
					killed.Add(1)
				}
				kill()
			}
		})
	}
	restarts := 0
	for ctx.Err() == nil && o.waiting(t) > 0 {
		time.Sleep(rand.N(400 * time.Millisecond))
		_ = boxes[len(boxes)-1].Close()
		next, err := inbox.Start(inbox.Config{Addr: addr, Reply: trouble})
		if err != nil {
			t.Fatal(err)
		}
		boxes = append(boxes, next)
		restarts++
	}
	left := o.waiting(t)
	stop()
	wg.Wait()
	ids := map[string]map[string]bool{}
	copies := 0
	for _, b := range boxes {
		_ = b.Close()
		for _, m := range b.Mails() {
			if ids[m.To] == nil {
				ids[m.To] = map[string]bool{}
			}
			ids[m.To][m.MessageID] = true
			copies++
		}
	}
	if left != 0 || len(ids) != mails+1 {
		t.Errorf("%d mails wait, and %d of %d addresses got one", left, len(ids), mails+1)
	}
	for address, all := range ids {
		if len(all) != 1 {
			t.Errorf("%s got mails with %d Message-IDs", address, len(all))
		}
	}
	t.Logf("measured: %d mails arrived as %d copies, with %d restarts of the server and %d replicas killed while they sent", len(ids), copies, restarts, killed.Load())
}
