package postgres_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"souk/platform/pgdb"
	"souk/testkit/pgtest"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestMigratingAShopFromBeforeReturnsKeepsItsNumbers(t *testing.T) {
	t.Parallel()
	first, err := fs.ReadFile(postgres.Migrations, "00001_stock.sql")
	if err != nil {
		t.Fatal(err)
	}
	pool := pgtest.New(t, fstest.MapFS{"00001_stock.sql": {Data: first}})
	const order = "0199a5a0-0000-7000-8000-000000000001"
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO levels VALUES ('CUP', 3);
		INSERT INTO stock_entries (sku, kind, delta, reason) VALUES ('CUP', 'opening', 5, 'import');
		INSERT INTO reservations (order_id, status, expires_at) VALUES ('`+order+`', 'committed', now());
		INSERT INTO reservation_lines (order_id, sku, quantity) VALUES ('`+order+`', 'CUP', 2);
		INSERT INTO stock_entries (sku, kind, delta, order_id, reason) VALUES ('CUP', 'sale', -2, '`+order+`', 'order confirmed')`); err != nil {
		t.Fatal(err)
	}
	if err := pgdb.Migrate(t.Context(), pool, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	s := newService(pool)
	if err := s.Return(t.Context(), newReturn(order, inventory.Line{SKU: "CUP", Quantity: 1})); err != nil {
		t.Error(err)
	}
	page, _, err := s.Stock(t.Context(), 0, "")
	if err != nil || len(page) != 1 || page[0].Owned != 5 || page[0].Sold != 1 || page[0].Committed != 1 || page[0].OnHand != 4 {
		t.Errorf("stock = %+v, %v", page, err)
	}
	assertBooks(t, pool)
}
