package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/shipping/internal/shipping"
)

// Parcels implements shipping.Store.
func (s *Store) Parcels(ctx context.Context, q shipping.ParcelQuery) (page []shipping.Shipment, more bool, err error) {
	wanted, args := `order_id > $1`, []any{q.After, q.Limit + 1}
	if len(q.OrderIDs) > 0 {
		wanted, args = `order_id > $1 AND order_id = ANY($3::uuid[])`, append(args, q.OrderIDs)
	}
	rows, err := s.pool.Query(ctx, `SELECT `+shipmentColumns+` FROM shipments WHERE `+wanted+` ORDER BY order_id LIMIT $2`, args...)
	if err != nil {
		return nil, false, fmt.Errorf("parcels: %w", err)
	}
	page, err = pgx.CollectRows(rows, scanShipment)
	if err != nil {
		return nil, false, fmt.Errorf("parcels: %w", err)
	}
	if len(page) > q.Limit {
		return page[:q.Limit], true, nil
	}
	return page, false, nil
}
