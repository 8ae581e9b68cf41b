package postgres_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/testkit/pgtest"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// callTime is the timeout of orders' calls.
const callTime = 5 * time.Second

// opened returns a pool with inventory's connection limits on a new database.
func opened(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config := pgdb.Config{URL: secret.URL(pgtest.New(t, postgres.Migrations).Config().ConnString()), MaxConns: 10}
	pool, err := pgdb.Open(t.Context(), config, postgres.Migrations, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestAPausedProcessLosesItsLocks(t *testing.T) {
	t.Parallel()
	pool := opened(t)
	s := newService(pool)
	const buyers = 8
	stock(t, s, "HOT", buyers)
	// The process was paused, or lost its network, between two statements of a transaction.
	paused, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := paused.Exec(t.Context(), `UPDATE levels SET reserved = reserved + 1 WHERE sku = 'HOT'`); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var group sync.WaitGroup
	for range buyers {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), callTime)
			defer cancel()
			r := reservation(inventory.Line{SKU: "HOT", Quantity: 1})
			if _, err := s.Reserve(ctx, r); err != nil {
				t.Errorf("reserve: %v", err)
			} else if err := s.Commit(t.Context(), r.OrderID); err != nil {
				t.Errorf("commit: %v", err)
			}
		})
	}
	group.Wait()
	t.Logf("measured: %d buyers of the SKU were served %v after a process stood still with it", buyers, time.Since(start))
	if err := paused.Commit(t.Context()); err == nil {
		t.Error("the paused transaction was committed")
	}
	if got := level(t, s, "HOT"); got.OnHand != 0 || got.Reserved != 0 {
		t.Errorf("%+v, want all sold", got)
	}
	assertBooks(t, pool)
}
