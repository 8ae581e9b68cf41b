package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// shopOf is a store with that many accounts, each with an address and a session. Their IDs contain numbers and are as long as
// real ones.
type shopOf struct {
	*mongo.Store
	accounts int
}

func accountID(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }
func emailOf(i int) string   { return fmt.Sprintf("customer-%d@example.com", i) }

func newShopOf(t *testing.T, accounts int) shopOf {
	t.Helper()
	db := mongotest.New(t)
	shop := shopOf{Store: mongo.New(db), accounts: accounts}
	if err := shop.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	shop.openFirst(t)
	first := map[string]bson.D{}
	for _, collection := range []string{"customers", "emails", "sessions"} {
		var d bson.D
		if err := db.Collection(collection).FindOne(t.Context(), bson.D{}).Decode(&d); err != nil {
			t.Fatal(err)
		}
		first[collection] = d
	}
	const atOnce = 1000
	for from := 1; from < accounts; from += atOnce {
		for collection, d := range first {
			var copies []any
			for i := from; i < min(from+atOnce, accounts); i++ {
				copies = append(copies, copyOf(d, i))
			}
			fill(t, db, collection, copies)
		}
	}
	return shop
}

// openFirst creates account 0.
func (s shopOf) openFirst(t *testing.T) {
	t.Helper()
	home := customers.Address{ID: "home", City: "Leeds"}
	c := customers.Customer{ID: accountID(0), Email: emailOf(0), CreatedAt: time.Now(), Addresses: []customers.Address{home}}
	if err := s.Insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	session := customers.Session{
		ID: accountID(0), CustomerID: c.ID, TokenHash: []byte("second"), PreviousHash: []byte("first"), ExpiresAt: time.Now().Add(time.Hour),
	}
	if err := s.InsertSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
}

// copyOf returns a document of account 0, changed to account i.
func copyOf(d bson.D, i int) bson.D {
	d = slices.Clone(d)
	for j := range d {
		switch d[j].Value {
		case accountID(0):
			d[j].Value = accountID(i)
		case emailOf(0):
			d[j].Value = emailOf(i)
		}
	}
	return d
}

// rounds is the number of measurements of each operation.
const rounds = 100

// of returns the account for a round; the accounts are spread evenly.
func (s shopOf) of(round int) int { return round * s.accounts / rounds }

// operations are typical operations of customers. Each round uses another account.
var operations = map[string]func(ctx context.Context, s shopOf, round int) error{
	"register": func(ctx context.Context, s shopOf, round int) error {
		c := customers.Customer{ID: accountID(s.accounts + round), Email: emailOf(s.accounts + round)}
		c.Mails = []customers.Mail{s.mail(customers.ConfirmEmail, s.accounts+round)}
		return s.Insert(ctx, c)
	},
	"log in": func(ctx context.Context, s shopOf, round int) error {
		c, err := s.FindByEmail(ctx, emailOf(s.of(round)))
		if err != nil {
			return err
		}
		return s.InsertSession(ctx, customers.Session{ID: accountID(s.accounts + round), CustomerID: c.ID, ExpiresAt: time.Now().Add(time.Hour)})
	},
	"refresh": func(ctx context.Context, s shopOf, round int) error {
		session, err := s.FindSession(ctx, accountID(s.of(round)))
		if err != nil {
			return err
		}
		if err := s.look(ctx, session.CustomerID); err != nil {
			return err
		}
		session.PreviousHash, session.TokenHash = session.TokenHash, []byte("third!")
		return s.Rotate(ctx, session)
	},
	"log out": func(ctx context.Context, s shopOf, round int) error {
		return s.DeleteSession(ctx, accountID(s.of(round)))
	},
	"look at the account": func(ctx context.Context, s shopOf, round int) error {
		return s.look(ctx, accountID(s.of(round)))
	},
	"ask for a mail": func(ctx context.Context, s shopOf, round int) error {
		return s.AddMail(ctx, s.mail(customers.ResetPassword, s.of(round)))
	},
	// What is done for each mail in the outbox, besides sending it.
	"send a mail": func(ctx context.Context, s shopOf, round int) error {
		due, err := s.DueMails(ctx, time.Now(), 1)
		if err != nil || len(due) != 1 {
			return errors.Join(err, fmt.Errorf("%d mails are due", len(due)))
		}
		c, err := s.Find(ctx, due[0].CustomerID)
		if err != nil {
			return err
		}
		was := due[0].DueAt
		due[0].DueAt = time.Now().Add(time.Hour)
		token := customers.MailToken{Hash: fmt.Sprint("hash ", s.accounts, round), CustomerID: c.ID, ExpiresAt: time.Now().Add(time.Hour)}
		return errors.Join(s.PutOffMail(ctx, due[0], was), s.SetNewestMail(ctx, c, customers.ResetPassword, "m"), s.AddMailToken(ctx, token), s.RemoveMail(ctx, due[0]))
	},
	"use a token": func(ctx context.Context, s shopOf, round int) error {
		token, err := s.FindMailToken(ctx, fmt.Sprint("hash ", s.accounts, round))
		if err != nil {
			return err
		}
		return s.look(ctx, token.CustomerID)
	},
	"change an address": func(ctx context.Context, s shopOf, round int) error {
		c, err := s.Find(ctx, accountID(s.of(round)))
		if err != nil {
			return err
		}
		c.Addresses[0].City = "Derby"
		return s.Replace(ctx, c)
	},
}

// look reads an account with its mailbox.
func (s shopOf) look(ctx context.Context, id string) error {
	c, err := s.Find(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.FindMailbox(ctx, c)
	return err
}

// mail returns a mail to account i.
func (s shopOf) mail(kind customers.MailKind, i int) customers.Mail {
	return customers.Mail{
		ID: fmt.Sprint(kind, i), MessageID: "m", Kind: kind, CustomerID: accountID(i), CreatedAt: time.Now(), DueAt: time.Now(),
	}
}

// inOrder lists the operations in an order in which they work.
var inOrder = []string{
	"register", "log in", "look at the account", "change an address", "refresh", "log out", "ask for a mail", "send a mail", "use a token",
}

// accountsFrom returns the number of accounts of the larger shop.
func accountsFrom(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOUK_ACCOUNTS")
	if text == "" {
		return 10_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Not parallel, because it measures time. The two shops take turns, so that other load on the machine slows both equally.
func TestTheCostOfOperationsDoesNotGrowWithTheNumberOfAccounts(t *testing.T) {
	const few = 100
	many := accountsFrom(t)
	// In short mode, other tests run at the same time. Even so, reading a whole collection for each operation would give a
	// share of only 0.07.
	leastShare := 0.5
	if many >= 100_000 {
		leastShare = 0.8
	}
	shops := []shopOf{newShopOf(t, few), newShopOf(t, many)}
	for _, name := range inOrder {
		var took [2][]time.Duration
		for round := range rounds {
			for turn := range shops {
				i := (round + turn) % len(shops) // each shop goes first in every other round
				shop := shops[i]
				start := time.Now()
				if err := operations[name](t.Context(), shop, round); err != nil {
					t.Fatalf("%s, with %d accounts: %v", name, shop.accounts, err)
				}
				took[i] = append(took[i], time.Since(start))
			}
		}
		one, other := median(took[0]), median(took[1])
		share := float64(one) / float64(other)
		t.Logf("%-20s %7.0f/s with %d accounts, %7.0f/s with %d: %.2f", name, 1/one.Seconds(), few, 1/other.Seconds(), many, share)
		if share < leastShare {
			t.Errorf("%s: with %d accounts %.2f of the rate with %d, want %.1f at least", name, many, share, few, leastShare)
		}
	}
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func TestTheSweepDeletesExpiredSessionsInBatches(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	now := time.Now()
	const expired, live = 250, 10
	var sessions []any
	for i := range expired + live {
		ends := now.Add(-time.Second)
		if i >= expired {
			ends = now.Add(time.Hour)
		}
		sessions = append(sessions, bson.D{{Key: "_id", Value: accountID(i)}, {Key: "expires_at", Value: ends}})
	}
	fill(t, db, "sessions", sessions)
	var deleted []int
	watching := watched(t, db, func(_ context.Context, e *event.CommandStartedEvent) {
		if e.CommandName != "delete" {
			return
		}
		statements, err := e.Command.Lookup("deletes").Array().Values()
		if err != nil {
			t.Error(err)
		}
		deleted = append(deleted, len(statements))
	})
	if err := mongo.New(watching).DeleteExpiredSessions(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if want := []int{100, 100, 50}; !slices.Equal(deleted, want) {
		t.Errorf("commands deleted %v sessions, want %v", deleted, want)
	}
	if n := count(t, db, "sessions"); n != live {
		t.Errorf("%d sessions are left, want the %d that have not expired", n, live)
	}
	if _, err := store.FindSession(t.Context(), accountID(expired)); err != nil {
		t.Errorf("a session that has not expired: %v", err)
	}
}
