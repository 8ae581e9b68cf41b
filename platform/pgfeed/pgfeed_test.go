package pgfeed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/platform/pgfeed"
	"souk/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var migrations = fstest.MapFS{"00001_things.sql": {Data: []byte(`-- +goose Up
CREATE TABLE things (name text PRIMARY KEY, size bigint NOT NULL, changed xid8 NOT NULL DEFAULT '0');
CREATE INDEX things_changed ON things (changed);
-- +goose StatementBegin
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.changed := pg_current_xact_id(); RETURN NEW; END $$;
-- +goose StatementEnd
CREATE TRIGGER note_change BEFORE INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION note_change();
`)}}

const write = `INSERT INTO things VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET size = excluded.size`

// reader stores what a reader of the feed has to store.
type reader struct {
	feed     *pgfeed.Feed
	position string
	told     map[pgfeed.Change]int
}

func open(t *testing.T) (*pgxpool.Pool, *reader) {
	t.Helper()
	pool := pgtest.New(t, migrations)
	r := &reader{feed: pgfeed.New(pool, "things", "name"), told: map[pgfeed.Change]int{}}
	r.mustRead(t, 0)
	return pool, r
}

func (r *reader) mustRead(t *testing.T, wait time.Duration) pgfeed.News {
	t.Helper()
	news, err := r.feed.Wait(t.Context(), r.position, wait)
	if err != nil {
		t.Fatal(err)
	}
	r.position = news.Position
	for _, c := range news.Changes {
		r.told[c]++
	}
	return news
}

// names returns the names of the reported rows.
func (r *reader) names() map[string]bool {
	names := map[string]bool{}
	for c := range r.told {
		names[c.ID] = true
	}
	return names
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// mustBeQuiet reads until nothing is reported. Other tests' transactions may hold back the position for a while.
func (r *reader) mustBeQuiet(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if news := r.mustRead(t, 0); len(news.Changes) == 0 && !news.Reset {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the same changes come again and again: %v", r.told)
		}
	}
}

func TestWaitReturnsSoonAfterAChange(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	exec(t, pool, write, "old", 1)
	r := &reader{feed: pgfeed.New(pool, "things", "name"), told: map[pgfeed.Change]int{}}
	r.mustRead(t, 0)
	r.mustBeQuiet(t)
	told := make(chan time.Time)
	go func() {
		r.mustRead(t, 5*time.Second)
		told <- time.Now()
	}()
	time.Sleep(200 * time.Millisecond)
	exec(t, pool, write, "new", 1)
	committed := time.Now()
	if late := (<-told).Sub(committed); !r.names()["new"] || late < 0 || late > 3*time.Second {
		t.Errorf("told of %v after %v", r.names(), late)
	}
}

func TestAChangeThatCommitsLateIsReported(t *testing.T) {
	t.Parallel()
	pool, r := open(t)
	late, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(t.Context()) }()
	if _, err := late.Exec(t.Context(), write, "late", 1); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, write, "early", 1)
	for range 3 {
		r.mustRead(t, time.Second)
	}
	if names := r.names(); !names["early"] || names["late"] || len(r.told) != 1 {
		t.Errorf("before the commit: %v", r.told)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.mustRead(t, time.Second)
	if !r.names()["late"] {
		t.Errorf("after the commit: %v", r.told)
	}
	// When all transactions that began earlier have ended, the position advances and nothing is reported again.
	r.mustBeQuiet(t)
}

// Transactions of random length, some of which roll back, change the same rows.
func TestEveryChangeIsReported(t *testing.T) {
	t.Parallel()
	pool, r := open(t)
	var committed sync.Map
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 40 {
				name := fmt.Sprint("thing ", rand.IntN(20))
				err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					var at string
					if err := tx.QueryRow(t.Context(), write+` RETURNING changed::text`, name, w*1000+i).Scan(&at); err != nil {
						return err
					}
					time.Sleep(rand.N(5 * time.Millisecond))
					if rand.IntN(5) == 0 {
						return errors.New("rolled back")
					}
					committed.Store(name, true)
					return nil
				})
				_ = err
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		r.mustRead(t, 100*time.Millisecond)
	}
	rows, err := pool.Query(t.Context(), `SELECT name, changed::text::bigint FROM things`)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var at int64
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&name, &at}, func() error {
		n++
		if r.told[pgfeed.Change{ID: name, At: uint64(at)}] == 0 {
			t.Errorf("the last change of %s was not reported", name)
		}
		return nil
	})
	if err != nil || n < 15 {
		t.Errorf("%d things, %v", n, err)
	}
}

func TestAReaderThatMissedTooManyChangesIsReset(t *testing.T) {
	t.Parallel()
	pool, r := open(t)
	exec(t, pool, `INSERT INTO things SELECT 'thing ' || i, i FROM generate_series(1, 2001) i`)
	if news := r.mustRead(t, time.Second); !news.Reset || len(news.Changes) > 0 {
		t.Errorf("after too many: reset %t, %d changes", news.Reset, len(news.Changes))
	}
	r.mustBeQuiet(t)
	exec(t, pool, write, "one more", 1)
	if r.mustRead(t, time.Second); !r.names()["one more"] {
		t.Errorf("afterwards: %v", r.told)
	}
	r.position = "18446744073709551615"
	if news := r.mustRead(t, time.Second); !news.Reset {
		t.Errorf("of another database: %+v", news)
	}
	// A row from a dump, with a transaction number that this database has not reached.
	exec(t, pool, `ALTER TABLE things DISABLE TRIGGER note_change`)
	exec(t, pool, `INSERT INTO things VALUES ('dumped', 1, '9000000000')`)
	if r.mustRead(t, 0); r.names()["dumped"] {
		t.Error("a dumped row was reported")
	}
}

func TestInvalidPositionsAreRefused(t *testing.T) {
	t.Parallel()
	_, r := open(t)
	for _, position := range []string{"x", "-1", "1 ", "18446744073709551616"} {
		var invalid *field.Error
		if _, err := r.feed.Wait(t.Context(), position, 0); !errors.As(err, &invalid) {
			t.Errorf("%q: %v", position, err)
		}
	}
	var invalid *field.Error
	if _, err := r.feed.Wait(t.Context(), "", time.Minute); !errors.As(err, &invalid) {
		t.Errorf("a minute: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.feed.Wait(ctx, r.position, time.Second); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the error of the caller's context", err)
	}
}
