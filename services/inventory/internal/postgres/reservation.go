package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

// What becomes of a reservation.
const (
	held      = "held"
	committed = "committed"
	released  = "released"
	expired   = "expired"
)

// Reserve implements inventory.Store. PostgreSQL's clock says when the hold ends, because it is also the one that
// the sweep goes by.
func (s *Store) Reserve(ctx context.Context, r inventory.Reservation) (time.Time, error) {
	var expires time.Time
	skus, quantities := split(r.Lines)
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// The row comes first: a second call for the order waits here until the first has ended.
		err := tx.QueryRow(ctx, `INSERT INTO reservations (order_id, status, expires_at)
			VALUES ($1, 'held', now() + $2::bigint * interval '1 microsecond')
			ON CONFLICT DO NOTHING RETURNING expires_at`, r.OrderID, r.HoldFor.Microseconds()).Scan(&expires)
		if errors.Is(err, pgx.ErrNoRows) {
			return existing(ctx, tx, r.OrderID, &expires)
		}
		if err != nil {
			return err
		}
		if err := checkStock(ctx, tx, r.Lines, skus); err != nil {
			return err
		}
		return hold(ctx, tx, r.OrderID, skus, quantities)
	})
	var short *inventory.ShortageError
	switch {
	case err == nil:
		return expires, nil
	case errors.As(err, &short), errors.Is(err, inventory.ErrReservationEnded):
		return time.Time{}, err
	default:
		return time.Time{}, fmt.Errorf("reserve: %w", err)
	}
}

// existing answers for an order that has a reservation already.
func existing(ctx context.Context, tx pgx.Tx, orderID string, expires *time.Time) error {
	var status string
	err := tx.QueryRow(ctx, `SELECT status, expires_at FROM reservations WHERE order_id = $1`, orderID).Scan(&status, expires)
	if err != nil {
		return err
	}
	if status == released || status == expired {
		return inventory.ErrReservationEnded
	}
	return nil
}

// checkStock locks the levels in SKU order and returns a *ShortageError unless every line can be had.
func checkStock(ctx context.Context, tx pgx.Tx, lines []inventory.Line, skus []string) error {
	rows, err := tx.Query(ctx, `SELECT sku, on_hand - reserved FROM levels WHERE sku = ANY($1) ORDER BY sku FOR UPDATE`, skus)
	if err != nil {
		return err
	}
	available := make(map[string]int64, len(skus))
	var sku string
	var pieces int64
	if _, err := pgx.ForEachRow(rows, []any{&sku, &pieces}, func() error {
		available[sku] = pieces
		return nil
	}); err != nil {
		return err
	}
	var shortages []inventory.Shortage
	for _, line := range lines {
		if left := available[line.SKU]; left < line.Quantity {
			shortages = append(shortages, inventory.Shortage{SKU: line.SKU, Requested: line.Quantity, Available: left})
		}
	}
	if len(shortages) > 0 {
		return &inventory.ShortageError{Shortages: shortages}
	}
	return nil
}

func hold(ctx context.Context, tx pgx.Tx, orderID string, skus []string, quantities []int64) error {
	_, err := tx.Exec(ctx, `
		WITH lines AS (
			INSERT INTO reservation_lines (order_id, sku, quantity)
			SELECT $1, sku, quantity FROM unnest($2::text[], $3::bigint[]) AS line (sku, quantity)
			RETURNING sku, quantity
		)
		UPDATE levels SET reserved = reserved + lines.quantity FROM lines WHERE levels.sku = lines.sku`,
		orderID, skus, quantities)
	return err
}

// Commit implements inventory.Store.
func (s *Store) Commit(ctx context.Context, orderID string) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var status string
		err := tx.QueryRow(ctx, `SELECT status FROM reservations WHERE order_id = $1 FOR UPDATE`, orderID).Scan(&status)
		switch {
		case errors.Is(err, pgx.ErrNoRows), status == released, status == expired:
			return inventory.ErrReservationEnded
		case err != nil:
			return err
		case status == committed:
			return nil
		}
		return sell(ctx, tx, orderID)
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func sell(ctx context.Context, tx pgx.Tx, orderID string) error {
	if err := lockLevels(ctx, tx, orderID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH done AS (UPDATE reservations SET status = 'committed' WHERE order_id = $1),
		lines AS (SELECT sku, quantity FROM reservation_lines WHERE order_id = $1),
		entries AS (
			INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
			SELECT sku, 'sale', -quantity, $1, 'order confirmed' FROM lines
		)
		UPDATE levels SET on_hand = on_hand - lines.quantity, reserved = reserved - lines.quantity
		FROM lines WHERE levels.sku = lines.sku`, orderID)
	return err
}

// lockLevels locks the levels of an order's lines in SKU order.
func lockLevels(ctx context.Context, tx pgx.Tx, orderID string) error {
	_, err := tx.Exec(ctx, `SELECT FROM levels
		WHERE sku IN (SELECT sku FROM reservation_lines WHERE order_id = $1) ORDER BY sku FOR UPDATE`, orderID)
	return err
}

// Release implements inventory.Store.
func (s *Store) Release(ctx context.Context, orderID string) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Without a reservation this leaves a tombstone, which a reservation that comes late will find.
		if _, err := tx.Exec(ctx, `INSERT INTO reservations (order_id, status, expires_at) VALUES ($1, 'released', now())
			ON CONFLICT DO NOTHING`, orderID); err != nil {
			return err
		}
		var status string
		if err := tx.QueryRow(ctx, `SELECT status FROM reservations WHERE order_id = $1 FOR UPDATE`, orderID).Scan(&status); err != nil {
			return err
		}
		switch status {
		case held:
			return giveBack(ctx, tx, orderID, released)
		case committed:
			return restock(ctx, tx, orderID)
		case expired:
			_, err := tx.Exec(ctx, `UPDATE reservations SET status = 'released' WHERE order_id = $1`, orderID)
			return err
		default:
			return nil
		}
	})
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// giveBack ends a held reservation.
func giveBack(ctx context.Context, tx pgx.Tx, orderID, status string) error {
	if err := lockLevels(ctx, tx, orderID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH done AS (UPDATE reservations SET status = $2 WHERE order_id = $1),
		lines AS (SELECT sku, quantity FROM reservation_lines WHERE order_id = $1)
		UPDATE levels SET reserved = reserved - lines.quantity FROM lines WHERE levels.sku = lines.sku`, orderID, status)
	return err
}

// restock takes back what an order had bought.
func restock(ctx context.Context, tx pgx.Tx, orderID string) error {
	if err := lockLevels(ctx, tx, orderID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH done AS (UPDATE reservations SET status = 'released' WHERE order_id = $1),
		lines AS (SELECT sku, quantity FROM reservation_lines WHERE order_id = $1),
		entries AS (
			INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
			SELECT sku, 'restock', quantity, $1, 'order cancelled' FROM lines
		)
		UPDATE levels SET on_hand = on_hand + lines.quantity FROM lines WHERE levels.sku = lines.sku`, orderID)
	return err
}

// Expire implements inventory.Store, one reservation at a time: its levels are locked in SKU order, and those of
// several reservations together would not be.
func (s *Store) Expire(ctx context.Context) (int, error) {
	ended := 0
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		ended = 0
		var orderID string
		err := tx.QueryRow(ctx, `SELECT order_id FROM reservations WHERE status = 'held' AND expires_at < now()
			ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&orderID)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ended = 1
		return giveBack(ctx, tx, orderID, expired)
	})
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	return ended, nil
}
