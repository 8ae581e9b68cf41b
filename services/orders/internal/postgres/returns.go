package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/order"
)

const upsertReturn = `
INSERT INTO returns (id, order_id, status, lines, reason, amount, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET status = excluded.status`

const upsertRefund = `
INSERT INTO refunds (id, order_id, status, amount, reason, return_id, created_at)
VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid, $7)
ON CONFLICT (id) DO UPDATE SET status = excluded.status`

// queueReturns saves the returns and refunds of an order as they are.
func queueReturns(batch *pgx.Batch, r order.Snapshot) {
	for _, t := range r.Returns {
		batch.Queue(upsertReturn, t.ID, r.ID, string(t.Status), t.Lines, t.Reason, t.Amount.Amount, t.CreatedAt)
	}
	for _, f := range r.Refunds {
		batch.Queue(upsertRefund, f.ID, r.ID, string(f.Status), f.Amount.Amount, f.Reason, f.ReturnID, f.CreatedAt)
	}
}

// OrderOfReturn implements aftersales.Store.
func (s *Store) OrderOfReturn(ctx context.Context, returnID string) (string, error) {
	var id string
	err := s.pool.QueryRow(ctx, "SELECT order_id FROM returns WHERE id = $1", returnID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", order.ErrReturnNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find return: %w", err)
	}
	return id, nil
}
