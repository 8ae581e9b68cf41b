package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/saga"
)

// DueOrders is the queue of orders whose work nobody has finished in time.
var DueOrders = pgdb.Queue{Name: "orders", SQL: `SELECT count(*), min(due_at) FROM orders WHERE due_at <= now()`}

// claimDue skips rows that are locked, so that replicas that claim at the same time get different orders.
const claimDue = `
UPDATE orders SET due_at = now() + $2::interval
WHERE id IN (
    SELECT id FROM orders
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT $1
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, changed_at, trace`

// ClaimDue implements saga.Store.
func (s *Store) ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]saga.Due, error) {
	rows, err := s.pool.Query(ctx, claimDue, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("claim orders that are due: %w", err)
	}
	claimed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[saga.Due])
	if err != nil {
		return nil, fmt.Errorf("claim orders that are due: %w", err)
	}
	return claimed, nil
}

const postpone = `UPDATE orders SET due_at = now() + $2::interval WHERE id = $1 AND due_at IS NOT NULL`

// Postpone implements saga.Store.
func (s *Store) Postpone(ctx context.Context, id string, wait time.Duration) error {
	if _, err := s.pool.Exec(ctx, postpone, id, wait); err != nil {
		return fmt.Errorf("postpone order: %w", err)
	}
	return nil
}
