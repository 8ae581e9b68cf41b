package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/orders"
)

// Replicas that claim at the same time get different orders.
const claimFulfilled = `
UPDATE orders SET tracked_at = now()
WHERE id IN (
    SELECT id FROM orders
    WHERE status = 'fulfilled' AND tracked_at <= now() - $2::interval
    ORDER BY tracked_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING id, (
    SELECT count(*) FROM timeline_entries
    WHERE order_id = orders.id AND event IN ('in_transit', 'out_for_delivery', 'delivered'))`

// ClaimFulfilled implements orders.Store.
func (s *Store) ClaimFulfilled(ctx context.Context, limit int, within time.Duration) ([]orders.Tracked, error) {
	rows, err := s.pool.Query(ctx, claimFulfilled, limit, within)
	if err != nil {
		return nil, fmt.Errorf("claim fulfilled orders: %w", err)
	}
	claimed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[orders.Tracked])
	if err != nil {
		return nil, fmt.Errorf("claim fulfilled orders: %w", err)
	}
	return claimed, nil
}

// sweepTime is how long deleting the old keys of a table may take. No request needs them any more.
const sweepTime = time.Minute

// DeleteKeys implements orders.Store.
func (s *Store) DeleteKeys(ctx context.Context, before time.Time) (int64, error) {
	var deleted int64
	for _, table := range []string{"idempotency_keys", "refund_keys"} {
		var rows int64
		err := pgdb.InLongTx(ctx, s.pool, sweepTime, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE created_at < $1", before)
			rows = tag.RowsAffected()
			return err
		})
		if err != nil {
			return deleted, fmt.Errorf("delete %s: %w", table, err)
		}
		deleted += rows
	}
	return deleted, nil
}
