package pgdb_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var migrations = fstest.MapFS{"00001_t.sql": {Data: []byte(`-- +goose Up
CREATE TABLE accounts (name text CONSTRAINT accounts_name PRIMARY KEY, n bigint NOT NULL);
INSERT INTO accounts VALUES ('a', 0), ('b', 0);
`)}}

func TestReplicasTakeTurnsToMigrate(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, fstest.MapFS{"00001_nothing.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}})
	more := fstest.MapFS{"00001_nothing.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}, "00002_t.sql": migrations["00001_t.sql"]}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := pgdb.Migrate(t.Context(), pool, more); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	wg.Wait()
	var rows int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM accounts`).Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows, %v; want 2", rows, err)
	}
}

func TestADeadlockedTransactionIsRunAgain(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	both := make(chan struct{})
	var holding, runs atomic.Int64
	lock := func(first, second string) error {
		return pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			runs.Add(1)
			if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = n + 1 WHERE name = $1`, first); err != nil {
				return err
			}
			// In the first run, each transaction waits until the other has locked its first row.
			if holding.Add(1) == 2 {
				close(both)
			}
			<-both
			_, err := tx.Exec(t.Context(), `UPDATE accounts SET n = n + 1 WHERE name = $1`, second)
			return err
		})
	}
	var wg sync.WaitGroup
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			if err := lock(names[0], names[1]); err != nil {
				t.Errorf("transaction: %v", err)
			}
		})
	}
	wg.Wait()
	var sum int64
	if err := pool.QueryRow(t.Context(), `SELECT sum(n) FROM accounts`).Scan(&sum); err != nil || sum != 4 || runs.Load() < 3 {
		t.Errorf("sum %d after %d runs, %v; want 4 after 3 or more", sum, runs.Load(), err)
	}
}

func TestAnErrorRollsBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	failed := errors.New("no")
	err := pgdb.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = 7`); err != nil {
			return err
		}
		return failed
	})
	var sum int64
	if scanErr := pool.QueryRow(t.Context(), `SELECT sum(n) FROM accounts`).Scan(&sum); !errors.Is(err, failed) || scanErr != nil || sum != 0 {
		t.Errorf("err %v, sum %d, %v; want the error and 0", err, sum, scanErr)
	}
}

func TestIsUniqueNamesTheConstraint(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	_, err := pool.Exec(t.Context(), `INSERT INTO accounts VALUES ('a', 1)`)
	if !pgdb.IsUnique(err, "accounts_name") || pgdb.IsUnique(err, "other") || pgdb.IsUnique(nil, "accounts_name") {
		t.Errorf("IsUnique does not tell %v", err)
	}
}
