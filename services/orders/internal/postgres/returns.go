package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/orders"
)

const refundKeyConstraint = "refund_keys_pkey"

const upsertReturn = `
INSERT INTO returns (id, order_id, status, lines, reason, amount, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET status = excluded.status`

const upsertRefund = `
INSERT INTO refunds (id, order_id, status, amount, reason, return_id, created_at)
VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid, $7)
ON CONFLICT (id) DO UPDATE SET status = excluded.status`

const insertRefundKey = `
INSERT INTO refund_keys (staff_id, key, fingerprint, refund_id) VALUES ($1, $2, $3, $4)`

// queueReturns saves the returns and refunds of an order as they are.
func queueReturns(batch *pgx.Batch, change orders.Change) {
	r := change.Record
	for _, t := range r.Returns {
		batch.Queue(upsertReturn, t.ID, r.ID, string(t.Status), t.Lines, t.Reason, t.Amount.Amount, t.CreatedAt)
	}
	for _, f := range r.Refunds {
		batch.Queue(upsertRefund, f.ID, r.ID, string(f.Status), f.Amount.Amount, f.Reason, f.ReturnID, f.CreatedAt)
	}
	if key := change.RefundKey; key != nil {
		batch.Queue(insertRefundKey, key.StaffID, key.Key, key.Fingerprint, key.RefundID)
	}
}

// OrderOfReturn implements orders.Store.
func (s *Store) OrderOfReturn(ctx context.Context, returnID string) (string, error) {
	var id string
	err := s.pool.QueryRow(ctx, "SELECT order_id FROM returns WHERE id = $1", returnID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", orders.ErrReturnNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find return: %w", err)
	}
	return id, nil
}

const selectRefundKey = `
SELECT k.fingerprint, k.refund_id, coalesce(k.answered, ''), f.order_id
FROM refund_keys k JOIN refunds f ON f.id = k.refund_id
WHERE k.staff_id = $1 AND k.key = $2`

// RefundKey implements orders.Store.
func (s *Store) RefundKey(ctx context.Context, staffID, key string) (orders.UsedRefundKey, error) {
	used := orders.UsedRefundKey{RefundKey: orders.RefundKey{StaffID: staffID, Key: key}}
	err := s.pool.QueryRow(ctx, selectRefundKey, staffID, key).
		Scan(&used.Fingerprint, &used.RefundID, &used.Answered, &used.OrderID)
	if errors.Is(err, pgx.ErrNoRows) {
		return orders.UsedRefundKey{}, orders.ErrKeyUnknown
	}
	if err != nil {
		return orders.UsedRefundKey{}, fmt.Errorf("get idempotency key of a refund: %w", err)
	}
	return used, nil
}

const answerRefund = `
UPDATE refund_keys SET answered = coalesce(answered, $2) WHERE refund_id = $1 RETURNING answered`

// AnswerRefund implements orders.Store.
func (s *Store) AnswerRefund(ctx context.Context, refundID string, status orders.RefundStatus) (orders.RefundStatus, error) {
	standing := status
	err := s.pool.QueryRow(ctx, answerRefund, refundID, string(status)).Scan(&standing)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // without a row the key is forgotten already
		return "", fmt.Errorf("answer refund: %w", err)
	}
	return standing, nil
}

// Versions implements orders.Store.
func (s *Store) Versions(ctx context.Context, ids []string) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, "SELECT id, version FROM orders WHERE id = ANY ($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("get versions: %w", err)
	}
	versions := make(map[string]int64, len(ids))
	var id string
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		versions[id] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get versions: %w", err)
	}
	return versions, nil
}
