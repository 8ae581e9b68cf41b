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

var commitSQL = `
	WITH done AS (
		UPDATE reservations SET status = 'committed' WHERE order_id = $1 AND status = 'held' RETURNING order_id
	),
	lines AS (SELECT sku, quantity FROM reservation_lines JOIN done USING (order_id)),
	locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM lines)) ORDER BY sku FOR NO KEY UPDATE),
	sold AS (
		UPDATE levels SET on_hand = on_hand - quantity, reserved = reserved - quantity
		FROM lines JOIN locked USING (sku) WHERE levels.sku = lines.sku
	),
	entries AS (
		INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
		SELECT sku, 'sale', -quantity, $1, 'order confirmed' FROM lines
	),
	audited AS (` + pgaudit.When("done", "$2") + `)
	SELECT EXISTS (SELECT FROM done)`

// Commit implements inventory.Store with a single statement. Only the call that changes the reservation from held to committed
// also sells its lines. A reservation that has expired but was not released yet can still be committed, because its stock is
// still held.
func (s *Store) Commit(ctx context.Context, orderID string) error {
	entry, err := ofOrder(ctx, audit.StockSold, orderID)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	var sold bool
	err = s.pool.QueryRow(ctx, commitSQL, orderID, entry).Scan(&sold)
	if err == nil && !sold {
		err = s.wasCommitted(ctx, orderID)
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (s *Store) wasCommitted(ctx context.Context, orderID string) error {
	var status inventory.Status
	err := s.pool.QueryRow(ctx, `SELECT status FROM reservations WHERE order_id = $1`, orderID).Scan(&status)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && status != inventory.Committed {
		return inventory.ErrReservationEnded
	}
	return err
}

// Release implements inventory.Store.
func (s *Store) Release(ctx context.Context, orderID string) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// If there is no reservation, this inserts a released one, which prevents a later reservation.
		if _, err := tx.Exec(ctx, `INSERT INTO reservations (order_id, status, expires_at) VALUES ($1, 'released', now())
			ON CONFLICT DO NOTHING`, orderID); err != nil {
			return err
		}
		status, err := lockReservation(ctx, tx, orderID)
		if err != nil || status == inventory.Released {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE reservations SET status = 'released' WHERE order_id = $1`, orderID); err != nil {
			return err
		}
		return giveBack(ctx, tx, orderID, status)
	})
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// giveBack returns the stock of a reservation that had the status.
func giveBack(ctx context.Context, tx pgx.Tx, orderID string, status inventory.Status) (err error) {
	switch status {
	case inventory.Held:
		err = releaseHold(ctx, tx, orderID)
	case inventory.Committed:
		err = restock(ctx, tx, orderID)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return pgaudit.Write(ctx, tx, audit.Entry{
		Action: audit.StockReleased, Kind: audit.Order, Subject: orderID, Detail: map[string]string{"was": string(status)},
	})
}

// lockReservation locks an order's reservation and returns its status. Reservations are always locked before levels.
func lockReservation(ctx context.Context, tx pgx.Tx, orderID string) (status inventory.Status, err error) {
	err = tx.QueryRow(ctx, `SELECT status FROM reservations WHERE order_id = $1 FOR NO KEY UPDATE`, orderID).Scan(&status)
	return status, err
}

// releaseHold returns the stock that an order holds.
func releaseHold(ctx context.Context, tx pgx.Tx, orderID string) error {
	_, err := tx.Exec(ctx, `
		WITH lines AS (SELECT sku, quantity FROM reservation_lines WHERE order_id = $1),
		locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM lines)) ORDER BY sku FOR NO KEY UPDATE)
		UPDATE levels SET reserved = reserved - quantity
		FROM lines JOIN locked USING (sku) WHERE levels.sku = lines.sku`, orderID)
	return err
}

// restock returns the stock that an order bought, minus the stock it has already returned.
func restock(ctx context.Context, tx pgx.Tx, orderID string) error {
	_, err := tx.Exec(ctx, `
		WITH lines AS (
			SELECT sku, quantity - returned AS quantity FROM reservation_lines WHERE order_id = $1 AND returned < quantity
		),
		locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM lines)) ORDER BY sku FOR NO KEY UPDATE),
		entries AS (
			INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
			SELECT sku, 'restock', quantity, $1, 'order cancelled' FROM lines
		)
		UPDATE levels SET on_hand = on_hand + quantity
		FROM lines JOIN locked USING (sku) WHERE levels.sku = lines.sku`, orderID)
	return err
}

// sweepBatch is the number of reservations released in one transaction. More would hardly be faster, and would lock levels for
// longer.
const sweepBatch = 100

var expireSQL = `
	WITH due AS (
		SELECT order_id FROM reservations WHERE status = 'held' AND expires_at < now()
		ORDER BY expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
	),
	done AS (
		UPDATE reservations SET status = 'expired' WHERE order_id IN (SELECT order_id FROM due)
	),
	lines AS (
		SELECT sku, sum(quantity)::bigint AS quantity FROM reservation_lines JOIN due USING (order_id) GROUP BY sku
	),
	locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM lines)) ORDER BY sku FOR NO KEY UPDATE),
	back AS (
		UPDATE levels SET reserved = reserved - quantity
		FROM lines JOIN locked USING (sku) WHERE levels.sku = lines.sku
	),
	audited AS (` + pgaudit.Each("due", "order_id::text", "detail", "$2") + `)
	SELECT count(*) FROM due`

// Expire implements inventory.Store. It skips locked reservations, and locks the levels of all reservations together in the
// order of their SKUs.
func (s *Store) Expire(ctx context.Context) (ended int, err error) {
	entry, err := ofOrder(ctx, audit.StockHoldExpired, "")
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	err = s.pool.QueryRow(ctx, expireSQL, sweepBatch, entry).Scan(&ended)
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	return ended, nil
}
