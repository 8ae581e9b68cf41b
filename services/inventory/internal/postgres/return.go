package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

// Return implements inventory.Store. It locks the reservation, so that returns of one order run one after another.
func (s *Store) Return(ctx context.Context, r inventory.Return) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		status, err := lockReservation(ctx, tx, r.OrderID)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		known, err := checkKnown(ctx, tx, r)
		if known || err != nil {
			return err
		}
		if status != inventory.Committed {
			return inventory.ErrNotSold
		}
		return takeBack(ctx, tx, r)
	})
	if err != nil {
		return fmt.Errorf("return: %w", err)
	}
	return nil
}

// checkKnown reports whether the return was already made. It returns ErrReturnMismatch if the ID belongs to a different one.
func checkKnown(ctx context.Context, tx pgx.Tx, r inventory.Return) (known bool, err error) {
	var orderID string
	err = tx.QueryRow(ctx, `SELECT order_id FROM returns WHERE return_id = $1`, r.ID).Scan(&orderID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	lines, err := linesOf(ctx, tx, `SELECT sku, delta, false FROM stock_entries WHERE return_id = $1`, r.ID)
	if err != nil {
		return false, err
	}
	if orderID != r.OrderID || !sameLines(lines, r.Lines) {
		return false, inventory.ErrReturnMismatch
	}
	return true, nil
}

// takeBack writes a return of a committed order.
func takeBack(ctx context.Context, tx pgx.Tx, r inventory.Return) error {
	tag, err := tx.Exec(ctx, `INSERT INTO returns (return_id, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.ID, r.OrderID)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		// A concurrent return of another order has used the ID; returns of this order wait for each other.
		return inventory.ErrReturnMismatch
	}
	skus, quantities, _ := split(r.Lines)
	var taken int
	err = tx.QueryRow(ctx, `
		WITH asked AS (SELECT * FROM unnest($3::text[], $4::bigint[]) AS line (sku, pieces)),
		taken AS (
			UPDATE reservation_lines l SET returned = returned + pieces FROM asked
			WHERE l.order_id = $1 AND l.sku = asked.sku AND returned + pieces <= quantity
			RETURNING l.sku, pieces
		),
		locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM taken)) ORDER BY sku FOR NO KEY UPDATE),
		entries AS (
			INSERT INTO stock_entries (sku, kind, delta, order_id, return_id, reason)
			SELECT sku, 'return', pieces, $1, $2, 'returned' FROM taken
		),
		back AS (
			UPDATE levels SET on_hand = on_hand + pieces FROM taken JOIN locked USING (sku) WHERE levels.sku = taken.sku
		)
		SELECT count(*) FROM taken`, r.OrderID, r.ID, skus, quantities).Scan(&taken)
	if err != nil {
		return err
	}
	if taken < len(r.Lines) {
		return inventory.ErrNotSold
	}
	return pgaudit.Write(ctx, tx, audit.Entry{
		Action: audit.StockReturned, Kind: audit.Order, Subject: r.OrderID, Detail: map[string]string{"return": r.ID},
	})
}
