package pgdb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/platform/secret"
)

// check calls ask with the timeout of a service's health checks.
func check(t *testing.T, ask func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return ask(ctx)
}

// occupy runs a slow statement on every connection of a pool until the returned function is called.
func occupy(t *testing.T, pool *pgxpool.Pool) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var statements sync.WaitGroup
	for range pool.Config().MaxConns {
		statements.Go(func() {
			if _, err := pool.Exec(ctx, `SELECT pg_sleep(600)`); ctx.Err() == nil {
				t.Errorf("a slow statement: %v", err)
			}
		})
	}
	until(t, "all connections are at work", func() bool { return pool.Stat().AcquiredConns() == pool.Config().MaxConns })
	return func() { cancel(); statements.Wait() }
}

func TestHealthDistinguishesABusyPoolFromADeadDatabase(t *testing.T) {
	t.Parallel()
	server := newOwnServer(t)
	port := server.Port()
	address := secret.URL(server.AdminURL() + "&statement_timeout=0")
	pool, err := pgdb.Open(t.Context(), pgdb.Config{URL: address, MaxConns: 2}, migrations, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	health := pgdb.NewHealth(pool)
	defer health.Close()
	end := occupy(t, pool)
	if check(t, pool.Ping) == nil {
		t.Error("the pool has a free connection, so this test shows nothing")
	}
	for range 3 {
		if err := check(t, health.Check); err != nil {
			t.Errorf("busy: %v", err)
		}
	}
	end()
	server.stop(t)
	if check(t, health.Check) == nil {
		t.Error("a stopped database is reported healthy")
	}
	server.start(t, port)
	until(t, "healthy again", func() bool { return check(t, health.Check) == nil })
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	if check(t, health.Check) == nil {
		t.Error("a paused database is reported healthy")
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	until(t, "healthy again", func() bool { return check(t, health.Check) == nil })
}
