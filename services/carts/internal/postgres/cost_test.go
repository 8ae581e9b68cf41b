package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/postgres"
)

// The test counts the 8 kB blocks that PostgreSQL accesses for a shopper's typical operations.
func TestTheCostOfAChangeDoesNotGrowWithTheShop(t *testing.T) {
	t.Parallel()
	few, many := blocks(t, 100), blocks(t, 100_000)
	t.Logf("measured: a visit takes %.0f blocks with 100 carts, and %.0f with 100,000", few, many)
	if many == 0 || many > 500 {
		t.Errorf("a visit takes %.0f blocks with 100,000 carts, want 500 at most", many)
	}
}

// blocks returns the number of blocks for a visit in a shop with n carts.
func blocks(t *testing.T, n int) float64 {
	t.Helper()
	const visits = 20
	_, pool, id := shop(t, n)
	before := read(t, pgtest.CloseAndConnect(t, pool))
	pool = open(t, pool.Config())
	s := carts.New(postgres.New(pool))
	for range visits {
		visit(t, s, id)
	}
	return float64(read(t, pgtest.CloseAndConnect(t, pool))-before) / visits
}

func read(t *testing.T, conn *pgx.Conn) (blocks int64) {
	t.Helper()
	err := conn.QueryRow(t.Context(), `SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))::bigint
		FROM pg_statio_user_tables`).Scan(&blocks)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// visit simulates a visit: a guest fills a cart, checks out a part of it and signs in.
func visit(t *testing.T, s *carts.Service, guest string) {
	t.Helper()
	put(t, s, "", guest, "A", 2)
	put(t, s, "", guest, "B", 1)
	if err := s.CheckOut(t.Context(), guest, carts.Checkout{OrderID: newID(), Lines: []carts.Line{{SKU: "A", Quantity: 2}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveItem(t.Context(), "", guest, "B"); err != nil {
		t.Fatal(err)
	}
	another := create(t, s)
	put(t, s, "", another, "A", 1)
	ada := newID()
	if _, err := s.Claim(t.Context(), ada, another); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}
