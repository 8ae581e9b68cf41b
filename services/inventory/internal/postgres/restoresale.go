package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

// RestoreSale implements inventory.Store. If it returns an error, nothing is stored.
func (s *Store) RestoreSale(ctx context.Context, orderID string, lines []inventory.Line) error {
	if err := s.addLevels(ctx, lines); err != nil {
		return fmt.Errorf("restore sale: %w", err)
	}
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Without a reservation, the order gets one that is expired, so that there is a row to lock.
		if _, err := tx.Exec(ctx, `INSERT INTO reservations (order_id, status, expires_at) VALUES ($1, 'expired', now())
			ON CONFLICT DO NOTHING`, orderID); err != nil {
			return err
		}
		status, err := lockReservation(ctx, tx, orderID)
		if err != nil {
			return err
		}
		known, err := linesOf(ctx, tx, selectLines, orderID)
		switch {
		case err != nil:
			return err
		case status == inventory.Released:
			return inventory.ErrReservationEnded
		case len(known) > 0 && !sameLines(known, lines):
			return inventory.ErrReservationMismatch
		case status == inventory.Committed:
			return nil
		case status == inventory.Held:
			return commitIn(ctx, tx, orderID)
		default:
			return sell(ctx, tx, orderID, lines)
		}
	})
	if err != nil {
		return fmt.Errorf("restore sale: %w", err)
	}
	return nil
}

// commitIn commits a held reservation in a transaction that has locked it.
func commitIn(ctx context.Context, tx pgx.Tx, orderID string) error {
	entry, err := ofOrder(ctx, audit.StockSold, orderID)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, commitSQL, orderID, entry)
	return err
}

// sellSQL sells all lines to an order whose reservation is expired, and returns the lines of which there is too little. The caller rolls
// back if there are any.
const sellSQL = `
	WITH asked AS (` + askedLines + `),
	locked AS (SELECT sku, on_hand, reserved FROM levels WHERE sku = ANY($2) ORDER BY sku FOR NO KEY UPDATE),
	short AS (` + shortLines + `),
	lines AS (` + addLines + ` ON CONFLICT DO NOTHING),
	sold AS (
		UPDATE levels SET on_hand = locked.on_hand - quantity, reserved = locked.reserved,
			on_backorder = locked.on_hand - locked.reserved < quantity
		FROM asked JOIN locked USING (sku) WHERE levels.sku = locked.sku AND NOT EXISTS (SELECT FROM short)
	),
	entries AS (
		INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
		SELECT sku, 'sale', -quantity, $1, 'sale restored' FROM asked WHERE NOT EXISTS (SELECT FROM short)
	),
	done AS (UPDATE reservations SET status = 'committed', shortages = NULL WHERE order_id = $1)
	SELECT sku, available FROM short`

func sell(ctx context.Context, tx pgx.Tx, orderID string, lines []inventory.Line) error {
	skus, quantities, continued := split(lines)
	rows, err := tx.Query(ctx, sellSQL, orderID, skus, quantities, continued)
	if err != nil {
		return err
	}
	missing := map[string]int64{}
	var sku string
	var available int64
	if _, err := pgx.ForEachRow(rows, []any{&sku, &available}, func() error {
		missing[sku] = available
		return nil
	}); err != nil {
		return err
	}
	if short := shortages(lines, missing); len(short) > 0 {
		return &inventory.ShortageError{Shortages: short}
	}
	return pgaudit.Write(ctx, tx, audit.Entry{Action: audit.StockSold, Kind: audit.Order, Subject: orderID})
}
