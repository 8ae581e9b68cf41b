package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/parcels"
)

const selectTracked = `
SELECT id, status, (
    SELECT count(*) FROM timeline_entries
    WHERE order_id = orders.id AND event IN ('in_transit', 'out_for_delivery', 'delivered'))
FROM orders WHERE id = ANY ($1)`

// Tracked implements parcels.Store.
func (s *Store) Tracked(ctx context.Context, ids []string) ([]parcels.Tracked, error) {
	rows, err := s.pool.Query(ctx, selectTracked, ids)
	if err != nil {
		return nil, fmt.Errorf("tracked orders: %w", err)
	}
	tracked, err := pgx.CollectRows(rows, pgx.RowToStructByPos[parcels.Tracked])
	if err != nil {
		return nil, fmt.Errorf("tracked orders: %w", err)
	}
	return tracked, nil
}

// ParcelPosition implements parcels.Store.
func (s *Store) ParcelPosition(ctx context.Context) (string, error) {
	return s.readPosition(ctx, parcelPosition)
}

// Moves replace fewer moves only, because a replica that is late has fewer.
const insertPending = `
INSERT INTO pending_moves (order_id, moves, trace) VALUES ($1, $2, $3)
ON CONFLICT (order_id) DO UPDATE SET moves = excluded.moves, trace = excluded.trace WHERE cardinality(excluded.moves) > cardinality(pending_moves.moves)`

// SaveParcelPosition implements parcels.Store.
func (s *Store) SaveParcelPosition(ctx context.Context, from, to string, pending []parcels.Parcel) error {
	return s.advancePosition(ctx, parcelPosition, from, to, func(batch *pgx.Batch) {
		for _, parcel := range pending {
			batch.Queue(insertPending, parcel.OrderID, parcel.Moves, parcel.Trace)
		}
	})
}

// PendingMoves implements parcels.Store.
func (s *Store) PendingMoves(ctx context.Context, limit int) ([]parcels.Parcel, error) {
	rows, err := s.pool.Query(ctx, `SELECT order_id, moves, trace FROM pending_moves ORDER BY order_id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("pending moves: %w", err)
	}
	pending, err := pgx.CollectRows(rows, pgx.RowToStructByPos[parcels.Parcel])
	if err != nil {
		return nil, fmt.Errorf("pending moves: %w", err)
	}
	return pending, nil
}

// DeletePendingMoves implements parcels.Store.
func (s *Store) DeletePendingMoves(ctx context.Context, parcel parcels.Parcel) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM pending_moves WHERE order_id = $1 AND moves = $2`, parcel.OrderID, parcel.Moves)
	if err != nil {
		return fmt.Errorf("delete pending moves: %w", err)
	}
	return nil
}
