package mongo_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/platform/audit"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// watched returns db over a connection that calls started before each command.
func watched(t *testing.T, db *driver.Database, started func(context.Context, *event.CommandStartedEvent)) *driver.Database {
	t.Helper()
	monitor := &event.CommandMonitor{Started: started}
	client, err := driver.Connect(options.Client().ApplyURI(os.Getenv(mongotest.Variable)).SetMonitor(monitor))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	return client.Database(db.Name())
}

func account(email string) customers.Customer {
	return customers.Customer{ID: uuid.NewString(), Email: email, Name: "Ada", CreatedAt: time.Now()}
}

// deletionOf returns the record of an account's deletion.
func deletionOf(c customers.Customer) audit.Record {
	return audit.Record{ID: "deletion of " + c.ID, Entry: audit.Entry{Action: audit.AccountDeleted, Kind: audit.Account, Subject: c.ID}}
}

func fill(t *testing.T, db *driver.Database, collection string, documents []any) {
	t.Helper()
	if _, err := db.Collection(collection).InsertMany(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *driver.Database, collection string) int64 {
	t.Helper()
	n, err := db.Collection(collection).CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheCostOfASweepDoesNotDependOnTheNumberOfAccounts(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	const all, crashed = 1000, 120
	var people, addresses []any
	for i := range all {
		id, email := uuid.NewString(), fmt.Sprintf("%d@example.com", i)
		people = append(people, bson.D{{Key: "_id", Value: id}, {Key: "email", Value: email}, {Key: "created_at", Value: time.Unix(0, 0)}})
		if i < crashed {
			continue // without an e-mail address
		}
		addresses = append(addresses, bson.D{{Key: "_id", Value: email}, {Key: "customer_id", Value: id}})
	}
	fill(t, db, "customers", people)
	fill(t, db, "emails", addresses)
	var sent atomic.Int64
	store := mongo.New(watched(t, db, func(context.Context, *event.CommandStartedEvent) { sent.Add(1) }))
	if err := store.DeleteUnreachable(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := sent.Load(); n != 1 {
		t.Errorf("a sweep of %d accounts took %d commands, want 1", all, n)
	}

	// Interrupted registrations cost a few commands each; other accounts cost none.
	var intents []any
	for _, person := range people[:crashed] {
		intents = append(intents, append(person.(bson.D)[:2:2], bson.E{Key: "at", Value: time.Unix(1, 0)}))
	}
	fill(t, db, "intents", intents)
	sent.Store(0)
	if err := store.DeleteUnreachable(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n, most := sent.Load(), int64(8*crashed+3); n > most {
		t.Errorf("%d commands for %d crashed registrations among %d accounts, want %d at most", n, crashed, all, most)
	}
	if accounts, left := count(t, db, "customers"), count(t, db, "intents"); accounts != all-crashed || left != 0 {
		t.Errorf("%d accounts and %d intents are left, want %d and 0", accounts, left, all-crashed)
	}
}

// After whichever command a process dies, a sweep must leave either an account that can sign in, or no remains.
func TestASweepCleansUpInterruptedRegistrationsAndDeletions(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(context.Context, *mongo.Store, customers.Customer) error{
		"registration": func(ctx context.Context, s *mongo.Store, c customers.Customer) error { return s.Insert(ctx, c) },
		"deletion": func(ctx context.Context, s *mongo.Store, c customers.Customer) error {
			return s.Delete(ctx, c, deletionOf(c))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := mongotest.New(t)
			store := mongo.New(db)
			if err := store.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			for last := int64(1); last <= 20; last++ {
				c := account(fmt.Sprintf("%d@example.com", last))
				if name == "deletion" {
					if err := store.Insert(t.Context(), c); err != nil {
						t.Fatal(err)
					}
					if err := store.InsertSession(t.Context(), customers.Session{ID: uuid.NewString(), CustomerID: c.ID}); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cut := context.WithCancel(t.Context())
				var sent atomic.Int64
				err := work(ctx, mongo.New(watched(t, db, func(context.Context, *event.CommandStartedEvent) {
					if sent.Add(1) >= last {
						cut()
					}
				})), c)
				cut()
				if err := store.DeleteUnreachable(t.Context(), time.Now().Add(time.Minute)); err != nil {
					t.Fatal(err)
				}
				whole(t, db, store, c)
				if sent.Load() < last {
					if err != nil {
						t.Errorf("uncut: %v", err)
					}
					return
				}
			}
			t.Error("more than 20 commands")
		})
	}
}

// whole fails the test unless the account exists completely or not at all. Then it deletes it.
func whole(t *testing.T, db *driver.Database, store *mongo.Store, c customers.Customer) {
	t.Helper()
	_, byID := store.Find(t.Context(), c.ID)
	_, byEmail := store.FindByEmail(t.Context(), c.Email)
	if (byID == nil) != (byEmail == nil) {
		t.Errorf("the account %s: %v; by its e-mail: %v", c.Email, byID, byEmail)
	}
	if byID != nil {
		if n := count(t, db, "sessions"); n != 0 {
			t.Errorf("%s left %d sessions", c.Email, n)
		}
	}
	if n := count(t, db, "intents"); n != 0 {
		t.Errorf("%s left %d intents", c.Email, n)
	}
	if err := store.Delete(t.Context(), c, deletionOf(c)); err != nil {
		t.Fatal(err)
	}
}

func TestASweepIgnoresRegistrationsUnderWay(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	c := account("ada@example.com")
	fill(t, db, "customers", []any{bson.D{{Key: "_id", Value: c.ID}, {Key: "email", Value: c.Email}}})
	fill(t, db, "intents", []any{bson.D{{Key: "_id", Value: c.ID}, {Key: "email", Value: c.Email}, {Key: "at", Value: time.Now()}}})
	if err := store.DeleteUnreachable(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if count(t, db, "customers") != 1 || count(t, db, "intents") != 1 {
		t.Error("a registration of just now was swept")
	}
}
