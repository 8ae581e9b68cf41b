package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/order"
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
func (s *Store) ParcelPosition(ctx context.Context) (position string, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT position FROM parcel_feed`).Scan(&position); err != nil {
		return "", fmt.Errorf("position in the feed of moves: %w", err)
	}
	return position, nil
}

const (
	updatePosition = `UPDATE parcel_feed SET position = $2 WHERE position = $1`

	// Moves replace fewer moves only, because a replica that is late has fewer.
	insertPending = `
INSERT INTO pending_moves (order_id, moves) VALUES ($1, $2)
ON CONFLICT (order_id) DO UPDATE SET moves = excluded.moves WHERE cardinality(excluded.moves) > cardinality(pending_moves.moves)`
)

// SaveParcelPosition implements parcels.Store.
func (s *Store) SaveParcelPosition(ctx context.Context, from, to string, pending []parcels.Parcel) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(updatePosition, from, to).Exec(mustAffectOne)
		for _, parcel := range pending {
			batch.Queue(insertPending, parcel.OrderID, parcel.Moves)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if errors.Is(err, order.ErrConflict) {
		return order.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("save the position in the feed of moves: %w", err)
	}
	return nil
}

// PendingMoves implements parcels.Store.
func (s *Store) PendingMoves(ctx context.Context, limit int) ([]parcels.Parcel, error) {
	rows, err := s.pool.Query(ctx, `SELECT order_id, moves FROM pending_moves ORDER BY order_id LIMIT $1`, limit)
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
