package pgkey_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/idempotency"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The schema of a service with a counter and idempotency keys.
var migrations = fstest.MapFS{"00001_counts.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counts (n bigint NOT NULL);
INSERT INTO counts VALUES (0);
CREATE TABLE idempotent_requests (
    caller text NOT NULL, method text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, request_id text NOT NULL,
    subject uuid, answer bytea, created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotent_requests_pkey PRIMARY KEY (caller, method, key)
);
CREATE INDEX idempotent_requests_created_idx ON idempotent_requests (created_at);
`)}}

// counter is a service with one RPC, which adds one and returns the sum.
type counter struct {
	pool *pgxpool.Pool
	keys idempotency.Keeper
	// during, if not nil, runs in the middle of each addition.
	during func(context.Context) error
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	pool := pgtest.New(t, migrations)
	return &counter{pool: pool, keys: pgkey.NewTransaction(pool)}
}

func (c *counter) add(ctx context.Context) ([]byte, error) {
	var n int
	err := pgdb.InTx(ctx, c.pool, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `UPDATE counts SET n = n + 1 RETURNING n`).Scan(&n)
	})
	if err == nil && c.during != nil {
		err = c.during(ctx)
	}
	return fmt.Appendf(nil, "now %d", n), err
}

func (c *counter) do(t *testing.T, r idempotency.Request) (idempotency.Answer, error) {
	t.Helper()
	return c.keys.Do(t.Context(), r, c.add)
}

func (c *counter) mustCount(t *testing.T, want int) {
	t.Helper()
	var n int
	if err := c.pool.QueryRow(t.Context(), `SELECT n FROM counts`).Scan(&n); err != nil || n != want {
		t.Errorf("counted %d, %v; want %d", n, err, want)
	}
}

func use(key string) idempotency.Request {
	return idempotency.Request{Caller: "sam", Method: "/s/Add", Key: key, Fingerprint: []byte("add one"), RequestID: "r1"}
}

func TestRequestsWithOneKeyHaveOneEffectAndTheSameAnswer(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for i := range 3 {
		answer, err := c.do(t, use("k"))
		if err != nil || string(answer.Content) != "now 1" || answer.Replayed != (i > 0) {
			t.Errorf("request %d: %q, replayed %t, %v", i, answer.Content, answer.Replayed, err)
		}
	}
	c.mustCount(t, 1)
}

func TestAKeyBelongsToOneCallerMethodAndRequest(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	// The blanks and quotation marks would mix up two keys if their parts were simply concatenated.
	caller, method, key, body := use("k"), use("k"), use("k"), use("k")
	caller.Caller, method.Method, key.Key, body.Fingerprint = `sam" "`, "/s/Add k", `k" "k`, []byte("add two")
	for i, r := range []idempotency.Request{use("k"), caller, method, key} {
		if answer, err := c.do(t, r); err != nil || answer.Replayed || string(answer.Content) != fmt.Sprintf("now %d", i+1) {
			t.Errorf("%+v: %q, replayed %t, %v", r, answer.Content, answer.Replayed, err)
		}
	}
	if _, err := c.do(t, body); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("the key with another request: %v", err)
	}
	c.mustCount(t, 4)
}

func TestARefusedRequestSavesNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	refused := errors.New("no")
	c.during = func(context.Context) error { return refused }
	if _, err := c.do(t, use("k")); !errors.Is(err, refused) {
		t.Errorf("%v, want the error of the work", err)
	}
	c.mustCount(t, 0)
	c.during = nil
	other := use("k")
	other.Fingerprint = []byte("another")
	if answer, err := c.do(t, other); err != nil || answer.Replayed {
		t.Errorf("after a refusal: %+v, %v", answer, err)
	}
	c.mustCount(t, 1)
}

func TestAnEmptyAnswerIsAnAnswer(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for i := range 2 {
		answer, err := c.keys.Do(t.Context(), use("k"), func(context.Context) ([]byte, error) { return nil, nil })
		if err != nil || len(answer.Content) != 0 || answer.Replayed != (i > 0) {
			t.Errorf("request %d: %+v, %v", i, answer, err)
		}
	}
}

// The first request is blocked in the middle.
func TestASecondRequestFailsWhileTheFirstIsRunning(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	began, goOn := make(chan struct{}), make(chan struct{})
	c.during = func(context.Context) error {
		close(began)
		<-goOn
		return nil
	}
	var first sync.WaitGroup
	first.Go(func() {
		if answer, err := c.do(t, use("k")); err != nil || answer.Replayed {
			t.Errorf("first: %+v, %v", answer, err)
		}
	})
	<-began
	if _, err := c.do(t, use("k")); !errors.Is(err, idempotency.ErrInProgress) {
		t.Errorf("second, while the first runs: %v", err)
	}
	again := use("k")
	again.Retried = true
	var second sync.WaitGroup
	second.Go(func() {
		if answer, err := c.do(t, again); err != nil || string(answer.Content) != "now 1" || answer.Replayed {
			t.Errorf("the call made again: %+v, %v", answer, err)
		}
	})
	c.mustWaitForLocks(t, 1)
	close(goOn)
	first.Wait()
	second.Wait()
	if answer, err := c.do(t, use("k")); err != nil || !answer.Replayed {
		t.Errorf("afterwards: %+v, %v", answer, err)
	}
	c.mustCount(t, 1)
}

// mustWaitForLocks waits until want sessions wait for the lock of a key.
func (c *counter) mustWaitForLocks(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		var waiting int
		err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d sessions wait, %v", waiting, err)
		}
		if waiting == want {
			return
		}
	}
}

func TestFiftyConcurrentRequestsHaveOneEffect(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	first := 0
	for range 50 {
		all.Go(func() {
			answer, err := c.do(t, use("k"))
			for errors.Is(err, idempotency.ErrInProgress) {
				answer, err = c.do(t, use("k"))
			}
			if err != nil || string(answer.Content) != "now 1" {
				t.Errorf("%q, %v", answer.Content, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !answer.Replayed {
				first++
			}
		})
	}
	all.Wait()
	c.mustCount(t, 1)
	if first != 1 {
		t.Errorf("%d answers were no replays, want 1", first)
	}
}

// The connection breaks after the change and before the commit, as it does when the process is killed.
func TestABrokenConnectionLeavesNeitherTheEffectNorTheKey(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.during = func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'`)
		return err
	}
	if answer, err := c.do(t, use("k")); err == nil {
		t.Errorf("%+v, want an error", answer)
	}
	c.mustCount(t, 0)
	c.during = nil
	answer, err := c.do(t, use("k"))
	for errors.Is(err, idempotency.ErrInProgress) { // until PostgreSQL has ended the broken connection
		answer, err = c.do(t, use("k"))
	}
	if err != nil || answer.Replayed {
		t.Errorf("again: %+v, %v", answer, err)
	}
	c.mustCount(t, 1)
}

// hourly is a Process that runs the work once, and checks that it is meant to run every hour.
type hourly struct{ t *testing.T }

func (h hourly) Every(interval time.Duration, name string, work func(context.Context) error) {
	h.t.Helper()
	if interval != time.Hour {
		h.t.Errorf("%s every %v, want every hour", name, interval)
	}
	if err := work(h.t.Context()); err != nil {
		h.t.Error(err)
	}
}

func TestOnlyOldKeysAreDeleted(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	if _, err := c.do(t, use("new")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.pool.Exec(t.Context(), `INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, answer, created_at)
		SELECT 'sam', '/s/Add', 'old ' || i, '', '', '', now() - $1::interval FROM generate_series(1, 2500) i`,
		idempotency.KeepFor+time.Minute); err != nil {
		t.Fatal(err)
	}
	pgkey.NewFor(hourly{t}, c.pool)
	var left int
	if err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM idempotent_requests`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d keys are left, %v; want 1", left, err)
	}
	if answer, err := c.do(t, use("new")); err != nil || !answer.Replayed {
		t.Errorf("a key that was not old: %+v, %v", answer, err)
	}
}
