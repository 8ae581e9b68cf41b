package pgdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"
)

// sum returns the sum of the accounts.
func sum(t *testing.T, pool *pgxpool.Pool) (n int64) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT sum(n) FROM accounts`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// failing returns a transaction function that writes a row. Its first runs, as many as times says, fail with an SQLSTATE.
func failing(t *testing.T, state string, times int) (fn func(pgx.Tx) error, runs *int) {
	runs = new(int)
	return func(tx pgx.Tx) error {
		*runs++
		if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = n + 1 WHERE name = 'a'`); err != nil {
			return err
		}
		if *runs > times {
			return nil
		}
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '`+state+`'; END $$`)
		return err
	}, runs
}

func TestAnAbortedTransactionIsRunAgain(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"40001", "40P01"} {
		pool := pgtest.New(t, migrations)
		fn, runs := failing(t, state, 5)
		if err := pgdb.InTx(t.Context(), pool, fn); err != nil || *runs != 6 || sum(t, pool) != 1 {
			t.Errorf("%s: %v after %d runs, sum %d; want 6 runs that add 1", state, err, *runs, sum(t, pool))
		}
	}
}

func TestATransactionThatAlwaysFailsReturnsItsError(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	fn, runs := failing(t, "40001", 1000)
	var pgErr *pgconn.PgError
	if err := pgdb.InTx(t.Context(), pool, fn); !errors.As(err, &pgErr) || pgErr.Code != "40001" || *runs != 8 || sum(t, pool) != 0 {
		t.Errorf("%v after %d runs, sum %d; want 40001 after 8 that add nothing", err, *runs, sum(t, pool))
	}
}

func TestOtherErrorsAreNotRetried(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	for _, state := range []string{"23505", "57014", "P0001", "55P03"} {
		fn, runs := failing(t, state, 1)
		var pgErr *pgconn.PgError
		if err := pgdb.InTx(t.Context(), pool, fn); !errors.As(err, &pgErr) || pgErr.Code != state || *runs != 1 || sum(t, pool) != 0 {
			t.Errorf("%s: %v after %d runs", state, err, *runs)
		}
	}
}

func TestSerializableTransactionsAllSucceed(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	// Each transaction reads both accounts and writes one. Without retries, one of two concurrent ones would fail.
	done := make(chan error)
	for i := range 4 {
		go func() {
			done <- pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(t.Context(), `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`); err != nil {
					return err
				}
				var n int64
				if err := tx.QueryRow(t.Context(), `SELECT sum(n) FROM accounts`).Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `UPDATE accounts SET n = $1 + 1 - (SELECT sum(n) FROM accounts WHERE name <> $2) WHERE name = $2`,
					n, []string{"a", "b"}[i%2])
				return err
			})
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if sum(t, pool) != 4 {
		t.Errorf("sum %d, want 4", sum(t, pool))
	}
}

func TestATransactionIsNotRetriedAfterItsContextEnds(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	ctx, cancel := context.WithCancel(t.Context())
	fn, runs := failing(t, "40001", 1000)
	err := pgdb.InTx(ctx, pool, func(tx pgx.Tx) error {
		err := fn(tx)
		cancel()
		return err
	})
	if err == nil || *runs > 2 {
		t.Errorf("%v after %d runs", err, *runs)
	}
}

func TestAPanicRollsBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = 7`); err != nil {
				return err
			}
			panic("x")
		})
	}()
	if sum(t, pool) != 0 || pool.Stat().AcquiredConns() != 0 {
		t.Errorf("sum %d, %d connections are still held", sum(t, pool), pool.Stat().AcquiredConns())
	}
}

func TestAnErrorOfTheCommitIsReturned(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	if _, err := pool.Exec(t.Context(), `CREATE TABLE owners (account text CONSTRAINT owners_account
		REFERENCES accounts (name) DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	err := pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO owners VALUES ('nobody')`)
		return err
	})
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.ConstraintName != "owners_account" {
		t.Errorf("%v, want a violation of owners_account", err)
	}
	if pgdb.IsUnique(err, "owners_account") {
		t.Error("a foreign key violation is reported as a unique violation")
	}
}

func TestTransactionsOfOneConnectionTakeTurns(t *testing.T) {
	t.Parallel()
	config := pgtest.New(t, migrations).Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan error)
	for range 8 {
		go func() {
			done <- pgdb.InTx(ctx, pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE accounts SET n = n + 1 WHERE name = 'a'`)
				return err
			})
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if sum(t, pool) != 8 {
		t.Errorf("sum %d, want 8", sum(t, pool))
	}
}
