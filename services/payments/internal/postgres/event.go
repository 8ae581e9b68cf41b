package postgres

import (
	"context"
	"fmt"

	"souk/services/payments/internal/payments"
)

// EventSeen implements payments.Store.
func (s *Store) EventSeen(ctx context.Context, provider, eventID string) (seen bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM webhook_events WHERE provider = $1 AND id = $2)`, provider, eventID).Scan(&seen)
	if err != nil {
		return false, fmt.Errorf("find event: %w", err)
	}
	return seen, nil
}

// SaveEvent implements payments.Store.
func (s *Store) SaveEvent(ctx context.Context, provider string, e payments.Event, paymentID string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO webhook_events (provider, id, type, payment_id) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, provider, e.ID, e.Type, paymentID)
	if err != nil {
		return fmt.Errorf("save event: %w", err)
	}
	return nil
}
