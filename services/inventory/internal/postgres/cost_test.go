package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// shelved is the number of SKUs in these tests: as many as a page has by default.
const shelved = 1000

// sold returns a pool from wide on a shop where each SKU was sold so often.
func sold(t *testing.T, often int) *pgxpool.Pool {
	t.Helper()
	pool := wide(t, 10)
	for _, fill := range []string{
		`INSERT INTO levels (sku, on_hand) SELECT 'SKU-' || i, 10 FROM generate_series(1, $2) AS i, (SELECT $1::int) AS often`,
		`INSERT INTO reservations (order_id, status, expires_at) SELECT lpad(to_hex(k), 32, '0')::uuid, 'committed', now()
			FROM generate_series(1, $1) AS k, (SELECT $2::int) AS skus`,
		`INSERT INTO reservation_lines (order_id, sku, quantity) SELECT lpad(to_hex(k), 32, '0')::uuid, 'SKU-' || i, 1
			FROM generate_series(1, $1) AS k, generate_series(1, $2) AS i`,
		`INSERT INTO stock_entries (sku, kind, delta, reason) SELECT 'SKU-' || i, 'opening', 10 + $1, 'opening' FROM generate_series(1, $2) AS i`,
		`INSERT INTO stock_entries (sku, kind, delta, order_id, reason) SELECT 'SKU-' || i, 'sale', -1, lpad(to_hex(k), 32, '0')::uuid, 'sold'
			FROM generate_series(1, $1) AS k, generate_series(1, $2) AS i`,
	} {
		inReplica(t, pool, fill, often, shelved)
	}
	inReplica(t, pool, `VACUUM ANALYZE`)
	return pool
}

// The test counts the 8 kB blocks that PostgreSQL accesses for a page. It reads all pages of both shops to check that no SKU is
// missing.
func TestTheCostOfAPageOfStockDoesNotGrowWithSales(t *testing.T) {
	t.Parallel()
	few, _ := stockCost(t, sold(t, 10))
	many, pages := stockCost(t, sold(t, 300))
	t.Logf("measured: the dearest page takes %.0f blocks when each of %d SKUs was sold 10 times; %.0f, of %d pages, when 300 times",
		few, shelved, many, pages)
	if many == 0 || many > 5*few {
		t.Errorf("a page takes %.0f blocks, want at most 5 times %.0f", many, few)
	}
}

// stockCost reads all pages, each with a new pool, and returns the highest number of blocks for a page.
func stockCost(t *testing.T, pool *pgxpool.Pool) (most float64, pages int) {
	t.Helper()
	config := pool.Config()
	read := blocks(t, pool)
	skus := 0
	for after := ""; pages == 0 || after != ""; pages++ {
		pool, err := pgxpool.NewWithConfig(t.Context(), config.Copy())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var page []inventory.Stock
		if page, after, err = inventory.New(postgres.New(pool)).Stock(t.Context(), 0, after); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		for _, s := range page {
			if s.OnHand != s.Owned-s.Sold || s.Sold != s.Committed || s.Sold == 0 {
				t.Fatalf("the numbers are inconsistent: %+v", s)
			}
		}
		skus += len(page)
		now := blocks(t, pool)
		if pages == 0 {
			t.Logf("measured: the first page, of %d SKUs, takes %d blocks and %v", len(page), now-read, took)
		}
		most, read = max(most, float64(now-read)), now
	}
	if skus != shelved {
		t.Errorf("the pages have %d SKUs, want %d", skus, shelved)
	}
	return most, pages
}

// blocks closes a pool from wide, because PostgreSQL publishes a session's statistics when it ends. It returns the number of
// blocks of inventory's tables accessed so far.
func blocks(t *testing.T, pool *pgxpool.Pool) (n int64) {
	t.Helper()
	conn := pgtest.CloseAndConnect(t, pool)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	err := conn.QueryRow(t.Context(), `SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))::bigint
		FROM pg_statio_user_tables`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
