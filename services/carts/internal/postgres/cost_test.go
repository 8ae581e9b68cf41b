package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/postgres"
)

// TestTheCostOfAChangeDoesNotGrowWithTheShop counts the blocks of 8 kB that PostgreSQL looks at for what shoppers do with a cart.
func TestTheCostOfAChangeDoesNotGrowWithTheShop(t *testing.T) {
	t.Parallel()
	few, many := blocks(t, 100), blocks(t, 100_000)
	t.Logf("measured: a visit takes %.0f blocks beside 100 carts, and %.0f beside 100,000", few, many)
	if many == 0 || many > 500 {
		t.Errorf("a visit takes %.0f blocks beside 100,000 carts, want 500 at most", many)
	}
}

// blocks returns how many blocks a visit takes in a shop with that many carts.
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

// visit does what shoppers do: a guest fills a cart, checks some of it out and logs in.
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
