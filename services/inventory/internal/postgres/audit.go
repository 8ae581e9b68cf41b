package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

const (
	// auditTime is the time limit for a page of Stock, because a single SKU may have been sold a million times.
	auditTime = 50 * time.Second
	// pageEntries is the number of ledger entries and reservation lines after which a page of Stock ends, with the SKU that
	// reaches it.
	pageEntries = 100_000
)

// A single statement reads a single snapshot. Only the level itself comes from the table of levels. The query goes from SKU to
// SKU, so that it can stop at the end of the page.
const selectStock = `
	WITH RECURSIVE page AS (
		SELECT $1 AS sku, 0::bigint AS on_hand, 0::bigint AS reserved, 0::bigint AS owned, 0::bigint AS sold, 0::bigint AS held,
			0::bigint AS committed, 0::bigint AS continued, 0::bigint AS place, 0::bigint AS read
		UNION ALL
		SELECT level.sku, level.on_hand, level.reserved, ledger.owned, ledger.sold, orders.held, orders.committed, orders.continued,
			page.place + 1, page.read + ledger.entries + orders.lines
		FROM page
		CROSS JOIN LATERAL (SELECT sku, on_hand, reserved FROM levels WHERE levels.sku > page.sku ORDER BY sku LIMIT 1) AS level
		CROSS JOIN LATERAL (
			SELECT count(*) AS entries,
				coalesce(sum(delta) FILTER (WHERE kind IN ('opening', 'adjustment')), 0)::bigint AS owned,
				coalesce(-sum(delta) FILTER (WHERE kind IN ('sale', 'restock', 'return')), 0)::bigint AS sold
			FROM stock_entries e WHERE e.sku = level.sku
		) AS ledger
		CROSS JOIN LATERAL (
			SELECT count(*) AS lines,
				coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0)::bigint AS held,
				coalesce(sum(quantity - returned) FILTER (WHERE status = 'committed'), 0)::bigint AS committed,
				coalesce(sum(quantity - returned) FILTER (WHERE continue_selling AND status IN ('held', 'committed')), 0)::bigint AS continued
			FROM reservation_lines l JOIN reservations USING (order_id) WHERE l.sku = level.sku
		) AS orders
		WHERE page.place < $2 AND page.read < $3
	)
	SELECT sku, on_hand, reserved, owned, sold, held, committed, continued,
		EXISTS (SELECT FROM levels WHERE levels.sku > (SELECT max(sku) FROM page)) AS more
	FROM page WHERE place > 0 ORDER BY sku`

// Stock implements inventory.Store.
func (s *Store) Stock(ctx context.Context, after string, limit int) (stock []inventory.Stock, more bool, err error) {
	err = pgdb.InLongTx(ctx, s.pool, auditTime, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectStock, after, limit, pageEntries)
		if err != nil {
			return err
		}
		stock, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s inventory.Stock, err error) {
			err = row.Scan(&s.SKU, &s.OnHand, &s.Reserved, &s.Owned, &s.Sold, &s.Held, &s.Committed, &s.Continued, &more)
			return s, err
		})
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("stock: %w", err)
	}
	return stock, more, nil
}

// maxPageLines is the number of lines after which a page of reservations ends, so that it fits into an answer of 16 MiB. A line
// takes up to 220 bytes.
const maxPageLines = 40_000

// Reservations implements inventory.Store.
func (s *Store) Reservations(ctx context.Context, q inventory.ReservationQuery) (page []inventory.ReservationRecord, more bool, err error) {
	wanted, args := `order_id > $1`, []any{q.After, q.Limit, maxPageLines}
	if len(q.OrderIDs) > 0 {
		wanted, args = `order_id > $1 AND order_id = ANY($4::uuid[])`, append(args, q.OrderIDs)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT order_id, status, expires_at, skus, quantities, returned, continued, found
		FROM (
			SELECT *, row_number() OVER (ORDER BY order_id) AS place, count(*) OVER () AS found,
				sum(cardinality(skus)) OVER (ORDER BY order_id) - cardinality(skus) AS lines_before
			FROM (
				SELECT order_id, status, expires_at FROM reservations WHERE `+wanted+` ORDER BY order_id LIMIT $2 + 1
			) AS page
			CROSS JOIN LATERAL (
				SELECT coalesce(array_agg(sku ORDER BY sku), '{}') AS skus,
					coalesce(array_agg(quantity ORDER BY sku), '{}') AS quantities,
					coalesce(array_agg(returned ORDER BY sku), '{}') AS returned,
					coalesce(array_agg(continue_selling ORDER BY sku), '{}') AS continued
				FROM reservation_lines l WHERE l.order_id = page.order_id
			) AS lines
		) AS candidates
		WHERE place <= $2 AND lines_before < $3 ORDER BY order_id`, args...)
	if err != nil {
		return nil, false, fmt.Errorf("reservations: %w", err)
	}
	var found int
	page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (inventory.ReservationRecord, error) {
		return record(row, &found)
	})
	if err != nil {
		return nil, false, fmt.Errorf("reservations: %w", err)
	}
	return page, found > len(page), nil
}

// record scans a reservation whose lines are in arrays.
func record(row pgx.CollectableRow, found *int) (inventory.ReservationRecord, error) {
	var r inventory.ReservationRecord
	var skus []string
	var quantities, returned []int64
	var continued []bool
	err := row.Scan(&r.OrderID, &r.Status, &r.ExpiresAt, &skus, &quantities, &returned, &continued, found)
	for i, sku := range skus {
		r.Lines = append(r.Lines, inventory.Line{SKU: sku, Quantity: quantities[i], ContinueSelling: continued[i]})
		if returned[i] > 0 {
			r.Returned = append(r.Returned, inventory.Line{SKU: sku, Quantity: returned[i]})
		}
	}
	return r, err
}
