package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/order"
)

// PaymentVersions implements settlement.Store.
func (s *Store) PaymentVersions(ctx context.Context, ids []string) (map[string]int64, error) {
	return s.versions(ctx, `SELECT id, payment_version FROM orders WHERE id = ANY ($1)`, ids)
}

// OrdersAfter implements settlement.Store.
func (s *Store) OrdersAfter(ctx context.Context, id string, limit int) ([]string, error) {
	return s.ids(ctx, `SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT $2`, id, limit)
}

// WaitingPayments implements settlement.Store.
func (s *Store) WaitingPayments(ctx context.Context, after string, limit int) ([]string, error) {
	return s.ids(ctx, `SELECT order_id FROM waiting_payments WHERE order_id > $1 ORDER BY order_id LIMIT $2`, after, limit)
}

func (s *Store) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ids of orders: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("ids of orders: %w", err)
	}
	return ids, nil
}

// PaymentPosition implements settlement.Store.
func (s *Store) PaymentPosition(ctx context.Context) (string, error) {
	return s.readPosition(ctx, paymentPosition)
}

const insertWaitingPayment = `
INSERT INTO waiting_payments (order_id, version) VALUES ($1, $2)
ON CONFLICT (order_id) DO UPDATE SET version = greatest(excluded.version, waiting_payments.version)`

// SavePaymentPosition implements settlement.Store.
func (s *Store) SavePaymentPosition(ctx context.Context, from, to string, waiting []order.PaymentNews) error {
	return s.advancePosition(ctx, paymentPosition, from, to, func(batch *pgx.Batch) {
		for _, news := range waiting {
			batch.Queue(insertWaitingPayment, news.OrderID, news.Version)
		}
	})
}

// DeleteWaitingPayment implements settlement.Store.
func (s *Store) DeleteWaitingPayment(ctx context.Context, orderID string, version int64) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM waiting_payments WHERE order_id = $1 AND version <= $2`, orderID, version)
	if err != nil {
		return fmt.Errorf("delete a payment that waits: %w", err)
	}
	return nil
}
