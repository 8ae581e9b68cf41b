package pgdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/testkit/pgtest"
)

func TestAnOpenDatabaseAnswersInUTC(t *testing.T) {
	t.Parallel()
	pool, err := pgdb.Open(t.Context(), pgdb.Config{URL: secret.URL(empty(t).Config().ConnString()), MaxConns: 3}, migrations, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var zone string
	if err := pool.QueryRow(t.Context(), `SHOW timezone`).Scan(&zone); err != nil || zone != "UTC" {
		t.Errorf("timezone %q, %v", zone, err)
	}
	if got := sum(t, pool); got != 0 {
		t.Errorf("sum %d, want the accounts table with nothing in it", got)
	}
	if pool.Config().MaxConns != 3 {
		t.Errorf("%d connections at most, want 3", pool.Config().MaxConns)
	}
}

var quiet = slog.New(slog.DiscardHandler)

func TestErrorsOfOpenDoNotContainThePassword(t *testing.T) {
	t.Parallel()
	good, err := url.Parse(os.Getenv(pgtest.Variable))
	if err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{
		"wrong password":   fmt.Sprintf("postgres://%s:hunter2@%s/postgres", good.User.Username(), good.Host),
		"no such database": otherDatabase(good),
		"bad option":       "postgres://souk:hunter2@127.0.0.1:1/orders?sslmode=perhaps",
		"bad port":         "postgres://souk:hunter2@127.0.0.1:port/orders",
		"bad escape":       "postgres://souk:hunter2%zz@127.0.0.1:1/orders",
		"bare slash":       "postgres://souk:hun/ter2hunter2@127.0.0.1:1/orders",
		"bare number sign": "postgres://souk:#hunter2@127.0.0.1:1/orders",
		"key=value":        "host=127.0.0.1 port=port user=souk password=hunter2",
		"no URL":           "orders",
	} {
		// One of the addresses names a host that might exist, so Open waits for it.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		pool, err := pgdb.Open(ctx, pgdb.Config{URL: secret.URL(address), MaxConns: 1}, migrations, quiet)
		cancel()
		if name != "bare number sign" && errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open waits for %s: %v", name, err)
		}
		if err == nil {
			pool.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), "open database: ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func otherDatabase(good *url.URL) string {
	other := *good
	other.Path = "/nothing"
	return other.String()
}

// empty returns a pool on a database without a schema.
func empty(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := pgtest.New(t, fstest.MapFS{"00001_nothing.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}})
	if _, err := pool.Exec(t.Context(), `DROP TABLE goose_db_version`); err != nil {
		t.Fatal(err)
	}
	return pool
}

// replica returns another pool on the same database.
func replica(t *testing.T, pool *pgxpool.Pool, conns int32) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.MaxConns = conns
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other
}

func TestReplicasApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	pool := empty(t)
	files := fstest.MapFS{
		"00001_t.sql": migrations["00001_t.sql"],
		// This migration must run exactly once.
		"00002_add.sql": {Data: []byte("-- +goose Up\nUPDATE accounts SET n = n + 1;\nSELECT pg_sleep(0.2);\n")},
	}
	done := make(chan error)
	for range 3 {
		own := replica(t, pool, 2)
		go func() { done <- pgdb.Migrate(t.Context(), own, files) }()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := sum(t, pool); got != 2 {
		t.Errorf("sum %d, want 2: each migration once", got)
	}
	if err := pgdb.Migrate(t.Context(), pool, files); err != nil || sum(t, pool) != 2 {
		t.Errorf("again: %v, sum %d", err, sum(t, pool))
	}
}

func TestAPoolOfOneConnectionCanMigrate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	pool := empty(t)
	if err := pgdb.Migrate(ctx, replica(t, pool, 1), migrations); err != nil {
		t.Fatal(err)
	}
	if sum(t, pool) != 0 {
		t.Error("no accounts")
	}
}

func TestAFailedMigrationIsRolledBackAndCanBeCorrected(t *testing.T) {
	t.Parallel()
	pool := empty(t)
	broken := fstest.MapFS{
		"00001_t.sql":   migrations["00001_t.sql"],
		"00002_bad.sql": {Data: []byte("-- +goose Up\nUPDATE accounts SET n = 7;\nUPDATE nothing SET n = 7;\n")},
	}
	if err := pgdb.Migrate(t.Context(), pool, broken); err == nil || !strings.HasPrefix(err.Error(), "migrate: ") {
		t.Fatalf("%v", err)
	}
	if sum(t, pool) != 0 || pool.Stat().AcquiredConns() != 0 {
		t.Errorf("sum %d, %d connections are still held", sum(t, pool), pool.Stat().AcquiredConns())
	}
	broken["00002_bad.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nUPDATE accounts SET n = 7;\n")}
	if err := pgdb.Migrate(t.Context(), pool, broken); err != nil || sum(t, pool) != 14 {
		t.Errorf("mended: %v, sum %d", err, sum(t, pool))
	}
	if err := pgdb.Migrate(t.Context(), pool, fstest.MapFS{}); err == nil {
		t.Error("a service without migrations is no error")
	}
}
