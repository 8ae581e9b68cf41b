package pgdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/outage"
	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/testkit/pgtest"
)

// limited returns a pool with the limits of services. options is appended to the database URL.
func limited(t *testing.T, options string) *pgxpool.Pool {
	t.Helper()
	address := pgtest.New(t, migrations).Config().ConnString() + options
	pool, err := pgdb.Open(t.Context(), pgdb.Config{URL: secret.URL(address), MaxConns: 4}, migrations, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// expectState fails the test unless err has this SQLSTATE and tells the caller to retry.
func expectState(t *testing.T, err error, state string) {
	t.Helper()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != state || !outage.Postgres(state) {
		t.Errorf("%v, want SQLSTATE %s, which says to try again", err, state)
	}
}

func TestTheLimitsAreSetAndIncrease(t *testing.T) {
	t.Parallel()
	pool := limited(t, "")
	for name, want := range map[string]string{"idle_in_transaction_session_timeout": "3s", "lock_timeout": "4s", "statement_timeout": "5s"} {
		var got string
		if err := pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", name, got, err, want)
		}
	}
	if pgdb.IdleInTransaction >= pgdb.LockWait || pgdb.LockWait >= pgdb.StatementTime {
		t.Error("a limit is not longer than the one before")
	}
}

func TestALongStatementTimesOut(t *testing.T) {
	t.Parallel()
	pool := limited(t, "&statement_timeout=100")
	_, err := pool.Exec(t.Context(), `SELECT pg_sleep(60)`)
	expectState(t, err, "57014")
}

func TestAWaitForALockTimesOut(t *testing.T) {
	t.Parallel()
	pool := limited(t, "&lock_timeout=100")
	err := pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = 1 WHERE name = 'a'`); err != nil {
			return err
		}
		_, err := pool.Exec(t.Context(), `UPDATE accounts SET n = 2 WHERE name = 'a'`)
		expectState(t, err, "55P03")
		return nil
	})
	if err != nil || sum(t, pool) != 1 {
		t.Errorf("%v, sum %d; want 1", err, sum(t, pool))
	}
}

func TestAnIdleTransactionLosesItsLocks(t *testing.T) {
	t.Parallel()
	pool := limited(t, "&idle_in_transaction_session_timeout=100")
	idle, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Exec(t.Context(), `UPDATE accounts SET n = 1 WHERE name = 'a'`); err != nil {
		t.Fatal(err)
	}
	// The update waits for the row lock and gets it.
	if _, err := pool.Exec(t.Context(), `UPDATE accounts SET n = 2 WHERE name = 'a'`); err != nil {
		t.Errorf("the row is still held: %v", err)
	}
	expectState(t, idle.Commit(t.Context()), "25P03")
	if got := sum(t, pool); got != 2 {
		t.Errorf("sum %d, want 2", got)
	}
}

func TestInLongTxRaisesTheLimitForItsTransactionOnly(t *testing.T) {
	t.Parallel()
	pool := limited(t, "&statement_timeout=100")
	slow := func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), `SELECT pg_sleep(0.3)`); return err }
	if err := pgdb.InLongTx(t.Context(), pool, time.Minute, slow); err != nil {
		t.Error(err)
	}
	expectState(t, pgdb.InLongTx(t.Context(), pool, 50*time.Millisecond, slow), "57014")
	expectState(t, pgdb.InTx(t.Context(), pool, slow), "57014")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pgdb.InLongTx(ctx, pool, time.Minute, slow); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}
