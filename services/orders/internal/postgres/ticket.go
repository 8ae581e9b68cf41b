package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/events"
)

const insertTicket = `
INSERT INTO event_tickets (id, order_id, sealed_token, expires_at) VALUES ($1, $2, $3, now() + $4::interval)`

// SaveTicket implements events.TicketStore.
func (s *Store) SaveTicket(ctx context.Context, t events.SealedTicket, life time.Duration) error {
	if _, err := s.pool.Exec(ctx, insertTicket, t.ID, t.OrderID, t.Token, life); err != nil {
		return fmt.Errorf("insert ticket: %w", err)
	}
	return nil
}

// takeTicket is one statement, so that of two calls at once the second finds the ticket gone.
const takeTicket = `
DELETE FROM event_tickets WHERE id = $1 AND order_id = $2 AND expires_at > now() RETURNING sealed_token`

// TakeTicket implements events.TicketStore.
func (s *Store) TakeTicket(ctx context.Context, id []byte, orderID string) ([]byte, error) {
	var sealed []byte
	err := s.pool.QueryRow(ctx, takeTicket, id, orderID).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, events.ErrTicketNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("take ticket: %w", err)
	}
	return sealed, nil
}

// sweepTime is how long deleting old tickets may take. No request needs them any more.
const sweepTime = time.Minute

// DeleteTickets implements events.TicketStore.
func (s *Store) DeleteTickets(ctx context.Context) error {
	err := pgdb.InLongTx(ctx, s.pool, sweepTime, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM event_tickets WHERE expires_at <= now()")
		return err
	})
	if err != nil {
		return fmt.Errorf("delete tickets: %w", err)
	}
	return nil
}
