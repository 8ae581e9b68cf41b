// Package postgres stores inventory's data in PostgreSQL. A reservation is always locked before levels, and levels are locked
// in the order of their SKUs. So orders for the same SKUs wait for each other and never deadlock.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

// Store implements inventory.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ inventory.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Levels implements inventory.Store.
func (s *Store) Levels(ctx context.Context, skus []string) ([]inventory.Level, error) {
	rows, err := s.pool.Query(ctx, `SELECT sku, on_hand, reserved FROM levels WHERE sku = ANY($1) ORDER BY sku`, skus)
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	levels, err := pgx.CollectRows(rows, pgx.RowToStructByPos[inventory.Level])
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	return levels, nil
}

// adjustSQL changes a level. It returns no row if pieces would be taken away that are reserved or on backorder.
const adjustSQL = `
	UPDATE levels SET on_hand = on_hand + $2, on_backorder = on_backorder AND on_hand + $2 < reserved, opened = true
	WHERE sku = $1 AND ($2 > 0 OR on_hand + $2 >= reserved)
	RETURNING on_hand, reserved`

// Adjust implements inventory.Store.
func (s *Store) Adjust(ctx context.Context, a inventory.Adjustment) (inventory.Level, error) {
	level := inventory.Level{SKU: a.SKU}
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// The insert creates the row of a new SKU; the update locks the row in any case.
		if _, err := tx.Exec(ctx, `INSERT INTO levels (sku, on_hand) VALUES ($1, 0) ON CONFLICT DO NOTHING`, a.SKU); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, adjustSQL, a.SKU, a.Delta).Scan(&level.OnHand, &level.Reserved)
		if errors.Is(err, pgx.ErrNoRows) {
			return inventory.ErrInsufficientStock
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO stock_entries (sku, kind, delta, reason) VALUES ($1, 'adjustment', $2, $3)`,
			a.SKU, a.Delta, a.Reason); err != nil {
			return err
		}
		return pgaudit.Write(ctx, tx, adjusted(level, a.Delta))
	})
	if err != nil {
		return inventory.Level{}, fmt.Errorf("adjust: %w", err)
	}
	return level, nil
}

func adjusted(after inventory.Level, delta int64) audit.Entry {
	return audit.Entry{Action: audit.StockAdjusted, Kind: audit.SKU, Subject: after.SKU, Detail: map[string]string{
		"delta": strconv.FormatInt(delta, 10), "on_hand": strconv.FormatInt(after.OnHand, 10),
	}}
}

var openSQL = `
	WITH asked AS (SELECT * FROM unnest($1::text[], $2::bigint[]) AS line (sku, quantity)),
	opened AS (
		INSERT INTO levels (sku, on_hand)
		SELECT sku, quantity FROM asked WHERE NOT EXISTS (SELECT FROM levels l WHERE l.sku = asked.sku AND l.opened) ORDER BY sku
		ON CONFLICT (sku) DO UPDATE SET on_hand = levels.on_hand + excluded.on_hand, opened = true,
			on_backorder = levels.on_backorder AND levels.on_hand + excluded.on_hand < levels.reserved
			WHERE NOT levels.opened
		RETURNING sku, on_hand
	),
	audited AS (` + pgaudit.Each("opened", "sku", "jsonb_build_object('on_hand', on_hand::text)", "$4") + `)
	INSERT INTO stock_entries (sku, kind, delta, reason)
	SELECT sku, 'opening', quantity, $3 FROM opened JOIN asked USING (sku)`

// Open implements inventory.Store.
func (s *Store) Open(ctx context.Context, lines []inventory.Line, reason string) (int, error) {
	skus, quantities, _ := split(lines)
	entry, err := pgaudit.Parameter(ctx, audit.Entry{Action: audit.StockOpened, Kind: audit.SKU})
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	tag, err := s.pool.Exec(ctx, openSQL, skus, quantities, reason, entry)
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// ofOrder returns the entry for a change of an order's stock.
func ofOrder(ctx context.Context, action audit.Action, orderID string) (string, error) {
	return pgaudit.Parameter(ctx, audit.Entry{Action: action, Kind: audit.Order, Subject: orderID})
}

func split(lines []inventory.Line) (skus []string, quantities []int64, continued []bool) {
	for _, line := range lines {
		skus = append(skus, line.SKU)
		quantities = append(quantities, line.Quantity)
		continued = append(continued, line.ContinueSelling)
	}
	return skus, quantities, continued
}
