package pgdb_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"
)

// with returns the migrations and one more.
func with(sql string) fstest.MapFS {
	files := maps.Clone(migrations)
	files["00002_more.sql"] = &fstest.MapFile{Data: []byte(sql)}
	return files
}

const (
	addColumn = "-- +goose Up\nALTER TABLE accounts ADD COLUMN note text NOT NULL DEFAULT '';\n"
	addIndex  = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY IF NOT EXISTS accounts_n ON accounts (n);\n"
)

// begin returns a transaction that has read accounts. It ends with the test at the latest.
func begin(t *testing.T, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	// The update gives the transaction an ID, so that CREATE INDEX CONCURRENTLY waits for it.
	if _, err := tx.Exec(t.Context(), `UPDATE accounts SET n = n WHERE name = 'b'`); err != nil {
		t.Fatal(err)
	}
	return tx
}

// waits reports whether a statement with this beginning is waiting for a lock.
func waits(t *testing.T, pool *pgxpool.Pool, statement string) (yes bool) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1 || '%')`, statement).Scan(&yes)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func TestAMigrationWaitingForALockBlocksNoOtherStatement(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	reader := begin(t, pool)
	migrated := make(chan error, 1)
	go func() { migrated <- pgdb.Migrate(t.Context(), pool, with(addColumn)) }()
	until(t, "the migration waits", func() bool { return waits(t, pool, "ALTER TABLE") })
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, err := pool.Exec(ctx, `UPDATE accounts SET n = n + 1 WHERE name = 'a'`); err != nil {
			t.Errorf("an update during a waiting migration: %v", err)
		}
		cancel()
	}
	select {
	case err := <-migrated:
		t.Errorf("the migration ended in spite of a reader's lock: %v", err)
	default:
	}
	if err := reader.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
	var note string
	if err := pool.QueryRow(t.Context(), `SELECT note FROM accounts WHERE name = 'a'`).Scan(&note); err != nil || sum(t, pool) != 5 {
		t.Errorf("%v, sum %d; want a new column and 5", err, sum(t, pool))
	}
}

func TestAMigrationStopsWaitingForALockWithItsContext(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	begin(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := pgdb.Migrate(ctx, pool, with(addColumn)); err == nil || ctx.Err() == nil {
		t.Errorf("%v, want the end of its time", err)
	}
}

// valid reports whether the index exists and is usable.
func valid(t *testing.T, pool *pgxpool.Pool) (exists, usable bool) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `SELECT count(*) > 0, coalesce(bool_and(indisvalid), false) FROM pg_index
		WHERE indexrelid = to_regclass('accounts_n')`).Scan(&exists, &usable)
	if err != nil {
		t.Fatal(err)
	}
	return exists, usable
}

func TestReplicasBuildAnIndexWhileOthersWrite(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	writer := begin(t, pool)
	var replicas sync.WaitGroup
	for range 3 {
		replicas.Go(func() {
			if err := pgdb.Migrate(t.Context(), pool, with(addIndex)); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the index waits for the writer", func() bool { return waits(t, pool, "CREATE INDEX") })
	if _, err := pool.Exec(t.Context(), `UPDATE accounts SET n = n + 1 WHERE name = 'a'`); err != nil {
		t.Error(err)
	}
	if err := writer.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	replicas.Wait()
	if exists, usable := valid(t, pool); !exists || !usable {
		t.Errorf("the index exists: %v, and is valid: %v", exists, usable)
	}
	var times int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM goose_db_version WHERE version_id = 2`).Scan(&times); err != nil || times != 1 {
		t.Errorf("migrated %d times, %v", times, err)
	}
}

func TestAnInterruptedIndexIsRebuilt(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	writer := begin(t, pool)
	// The second statement must run even though the first was interrupted.
	files := with(addIndex + "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS note text;\n")
	killed := make(chan error, 1)
	go func() { killed <- pgdb.Migrate(t.Context(), pool, files) }()
	until(t, "the index waits for the writer", func() bool { return waits(t, pool, "CREATE INDEX") })
	if _, err := pool.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'CREATE INDEX%'`); err != nil {
		t.Fatal(err)
	}
	if err := <-killed; err == nil {
		t.Error("the killed migration returned no error")
	}
	if exists, usable := valid(t, pool); !exists || usable {
		t.Fatalf("the index exists: %v, and is valid: %v; want one that is invalid", exists, usable)
	}
	if err := writer.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := pgdb.Migrate(t.Context(), pool, files); err != nil {
		t.Error(err)
	}
	if exists, usable := valid(t, pool); !exists || !usable {
		t.Errorf("the index exists: %v, and is valid: %v", exists, usable)
	}
	if _, err := pool.Exec(t.Context(), `SELECT note FROM accounts`); err != nil {
		t.Error(err)
	}
}

func TestAMigrationNumberedBelowAnAppliedOneIsRefused(t *testing.T) {
	t.Parallel()
	files := maps.Clone(migrations)
	files["00003_later.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT 1;\n")}
	pool := pgtest.New(t, files)
	files["00002_more.sql"] = &fstest.MapFile{Data: []byte(addColumn)}
	if err := pgdb.Migrate(t.Context(), pool, files); err == nil {
		t.Error("a migration with a number below an applied one was accepted")
	}
}
