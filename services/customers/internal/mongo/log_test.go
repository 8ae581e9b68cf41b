package mongo_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/audit"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

// later is after every change of a test.
func later() time.Time { return time.Now().Add(time.Minute) }

func record(action audit.Action, subject string) audit.Record {
	return audit.Record{
		ID: uuid.NewString(), At: time.Now(), Entry: audit.Entry{Action: action, Kind: audit.Account, Subject: subject, Detail: map[string]string{"role": "staff"}},
		Actor: audit.Actor{Kind: audit.Operator, ID: "command-line"}, RequestID: "r1",
	}
}

// logged returns how often each action about a subject is in the log.
func logged(t *testing.T, store *mongo.Store, subject string) map[audit.Action]int {
	t.Helper()
	page, more, err := store.List(t.Context(), audit.Filter{Subject: subject, Limit: 100})
	if err != nil || more {
		t.Fatalf("more %t, %v", more, err)
	}
	times := map[audit.Action]int{}
	for _, r := range page {
		times[r.Action]++
	}
	return times
}

// interrupted does work on a store that dies before its command number last, and reports whether it got that far.
func interrupted(t *testing.T, db *driver.Database, last int64, work func(context.Context, *mongo.Store) error) (died bool, err error) {
	t.Helper()
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	var sent atomic.Int64
	err = work(ctx, mongo.New(watched(t, db, func(context.Context, *event.CommandStartedEvent) {
		if sent.Add(1) >= last {
			cut()
		}
	})))
	return sent.Load() >= last, err
}

// After whichever command a process dies: the log has the change if and only if it was made, and has it once.
func TestTheLogHasAChangeOnceWhereverAProcessDies(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	var changed int
	for last := int64(1); last <= 20; last++ {
		c := account(fmt.Sprintf("%d@example.com", last))
		if err := store.Insert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		c.Name = "Promoted"
		c.Unlogged = []audit.Record{record(audit.RoleGranted, c.ID), record(audit.PasswordChanged, c.ID)}
		died, err := interrupted(t, db, last, func(ctx context.Context, s *mongo.Store) error { return s.Replace(ctx, c) })
		for range 2 {
			if err := store.LogChanges(t.Context(), later()); err != nil {
				t.Fatal(err)
			}
		}
		now, findErr := store.Find(t.Context(), c.ID)
		want := map[bool]int{true: 1}[now.Name == "Promoted"]
		changed += want
		times := logged(t, store, c.ID)
		if findErr != nil || times[audit.RoleGranted] != want || times[audit.PasswordChanged] != want {
			t.Errorf("a process that died at command %d: changed %d times, logged %v, %v", last, want, times, findErr)
		}
		if left := len(now.Unlogged); left != 0 || count(t, db, "audit_unlogged") != 0 {
			t.Errorf("command %d: %d records are left in the account", last, left)
		}
		if !died {
			if err != nil || changed < 2 || int64(changed) == last {
				t.Errorf("%d of %d changes were made, %v; the test must see both cases", changed, last, err)
			}
			return
		}
	}
	t.Error("more than 20 commands")
}

// LogChanges waits for a minute. If a change took longer, LogChanges would forget it before it was made.
func TestAChangeHasATimeLimit(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(watched(t, db, func(ctx context.Context, e *event.CommandStartedEvent) {
		if e.CommandName == "endSessions" { // the test ends
			return
		}
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 30*time.Second {
			t.Errorf("%s: the deadline is %v, %t; want one soon", e.CommandName, deadline, ok)
		}
	}))
	c := account("ada@example.com")
	c.Unlogged = []audit.Record{record(audit.RoleGranted, c.ID)}
	if err := store.Insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := store.Replace(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestTheLogHasAGrantedRoleOnceWhereverARegistrationDies(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for last := int64(1); last <= 20; last++ {
		c := account(fmt.Sprintf("%d@example.com", last))
		c.Unlogged = []audit.Record{record(audit.RoleGranted, c.ID)}
		died, err := interrupted(t, db, last, func(ctx context.Context, s *mongo.Store) error { return s.Insert(ctx, c) })
		for range 2 { // in either order
			if err := store.LogChanges(t.Context(), later()); err != nil {
				t.Fatal(err)
			}
			if err := store.DeleteUnreachable(t.Context(), later()); err != nil {
				t.Fatal(err)
			}
		}
		_, findErr := store.Find(t.Context(), c.ID)
		if want := map[bool]int{true: 1}[findErr == nil]; logged(t, store, c.ID)[audit.RoleGranted] != want {
			t.Errorf("command %d: the account: %v, the log: %v", last, findErr, logged(t, store, c.ID))
		}
		if n := count(t, db, "audit_unlogged"); n != 0 {
			t.Errorf("command %d: %d are left to be logged", last, n)
		}
		if !died {
			if err != nil || findErr != nil {
				t.Errorf("uncut: %v, %v", err, findErr)
			}
			return
		}
	}
	t.Error("more than 20 commands")
}

func TestTheLogSurvivesADeletionWhereverAProcessDies(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for last := int64(1); last <= 20; last++ {
		c := account(fmt.Sprintf("%d@example.com", last))
		if err := store.Insert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		// A change whose process died before it was in the log.
		change, err := bson.Marshal(bson.D{{Key: "_id", Value: uuid.NewString()}, {Key: "action", Value: "password_changed"}, {Key: "subject", Value: c.ID}})
		if err != nil {
			t.Fatal(err)
		}
		set := bson.D{{Key: "$set", Value: bson.D{{Key: "unlogged", Value: bson.A{bson.Raw(change)}}}}}
		if _, err := db.Collection("customers").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: c.ID}}, set); err != nil {
			t.Fatal(err)
		}
		died, err := interrupted(t, db, last, func(ctx context.Context, s *mongo.Store) error { return s.Delete(ctx, c, deletionOf(c)) })
		if sweepErr := store.DeleteUnreachable(t.Context(), later()); sweepErr != nil {
			t.Fatal(sweepErr)
		}
		_, findErr := store.Find(t.Context(), c.ID)
		times := logged(t, store, c.ID)
		want := map[bool]int{false: 1}[findErr == nil]
		if times[audit.AccountDeleted] != want || times[audit.PasswordChanged] != want {
			t.Errorf("command %d: the account: %v, the log: %v", last, findErr, times)
		}
		// A client repeats a deletion whose answer was lost.
		for range 2 {
			if err := store.Delete(t.Context(), c, deletionOf(c)); err != nil {
				t.Fatal(err)
			}
		}
		if times := logged(t, store, c.ID); times[audit.AccountDeleted] != 1 || times[audit.PasswordChanged] != 1 {
			t.Errorf("command %d, repeated: %v", last, times)
		}
		if !died {
			if err != nil {
				t.Errorf("uncut: %v", err)
			}
			return
		}
	}
	t.Error("more than 20 commands")
}

func TestARecordIsMovedOnceIfTheAccountIsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	c := account("ada@example.com")
	if err := store.Insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		stale, err := store.Find(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		stale.Unlogged = append(stale.Unlogged, record(audit.PasswordChanged, c.ID))
		if err := store.Replace(t.Context(), stale); err != nil {
			t.Fatal(err)
		}
		// It was read before the record was moved, and writes the record back.
		stale.Version++
		if err := store.Replace(t.Context(), stale); err != nil {
			t.Fatal(err)
		}
		if times := logged(t, store, c.ID); times[audit.PasswordChanged] != i+1 {
			t.Fatalf("%v after %d changes", times, i+1)
		}
	}
}

func TestSigningKeysAreLoggedOnce(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	key := token.Key{Number: 1, ID: "k1", Seed: "0123456789abcdef0123456789abcdef", SignsFrom: time.Now()}
	for range 2 { // two replicas
		if err := store.InsertKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Keys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := store.DeleteKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if times := logged(t, store, "k1"); times[audit.SigningKeyAdded] != 1 || times[audit.SigningKeyRetired] != 1 {
		t.Errorf("%v", times)
	}
}

// Positions of other services have microseconds, and documents have milliseconds.
func TestTheLogIsListedNewestFirstAndByFilters(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	at := time.Date(2026, 11, 28, 10, 0, 0, int(500*time.Millisecond), time.UTC)
	for i, id := range []string{"a", "b", "c", "d"} { // a and b at 500 ms, c and d at 501 ms
		fill(t, db, "audit_entries", []any{bson.D{
			{Key: "_id", Value: id}, {Key: "at", Value: at.Add(time.Duration(i/2) * time.Millisecond)}, {Key: "actor", Value: []string{"ada", "bob"}[i%2]},
		}})
	}
	half := 500 * time.Microsecond
	for name, test := range map[string]struct {
		filter audit.Filter
		want   string
	}{
		"all":                                  {audit.Filter{}, "dcba"},
		"of one actor":                         {audit.Filter{Actor: "bob"}, "db"},
		"before an entry":                      {audit.Filter{Before: &audit.Position{At: at.Add(time.Millisecond), ID: "d"}}, "cba"},
		"before the first of a millisecond":    {audit.Filter{Before: &audit.Position{At: at.Add(time.Millisecond), ID: "c"}}, "ba"},
		"before a position between two":        {audit.Filter{Before: &audit.Position{At: at.Add(half), ID: "0"}}, "ba"},
		"before, with an actor":                {audit.Filter{Actor: "ada", Before: &audit.Position{At: at.Add(time.Millisecond), ID: "c"}}, "a"},
		"from, inclusive":                      {audit.Filter{From: at}, "dcba"},
		"from a time between two milliseconds": {audit.Filter{From: at.Add(half)}, "dc"},
		"to, exclusive":                        {audit.Filter{To: at.Add(time.Millisecond)}, "ba"},
		"to a time between two milliseconds":   {audit.Filter{To: at.Add(half)}, "ba"},
	} {
		test.filter.Limit = 10
		page, more, err := store.List(t.Context(), test.filter)
		got := ""
		for _, r := range page {
			got += r.ID
		}
		if got != test.want || more || err != nil {
			t.Errorf("%s: %q, more %t, %v; want %q", name, got, more, err, test.want)
		}
	}
	page, more, err := store.List(t.Context(), audit.Filter{Limit: 3})
	if err != nil || len(page) != 3 || !more || page[0].ID != "d" || !page[0].At.Equal(at.Add(time.Millisecond)) {
		t.Errorf("%+v, more %t, %v", page, more, err)
	}
}
