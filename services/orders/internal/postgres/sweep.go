package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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
