package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
)

// AddLookup implements guest.Store.
func (s *Store) AddLookup(ctx context.Context, number, email string) error {
	if _, err := s.pool.Exec(ctx, `INSERT INTO order_lookups (number, email) VALUES ($1, $2)`, number, email); err != nil {
		return fmt.Errorf("add a lookup: %w", err)
	}
	return nil
}

// findLookups is one statement, so that no lookup is lost. Of each order one such mail waits at most.
const findLookups = `
WITH asked AS (
    DELETE FROM order_lookups
    WHERE id IN (SELECT id FROM order_lookups LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING number, email)
INSERT INTO mails (order_id, position)
SELECT DISTINCT orders.id, 0 FROM asked JOIN orders ON orders.number = asked.number AND guest_email = asked.email
ON CONFLICT DO NOTHING`

// FindLookups implements guest.Store.
func (s *Store) FindLookups(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, findLookups); err != nil {
		return fmt.Errorf("find lookups: %w", err)
	}
	return nil
}

// AddLookupToken implements outbox.Store.
func (s *Store) AddLookupToken(ctx context.Context, hash []byte, orderID string, life time.Duration) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO lookup_tokens (hash, order_id, expires_at) VALUES ($1, $2, now() + $3::interval)`, hash, orderID, life)
	if err != nil {
		return fmt.Errorf("add the token of a lookup: %w", err)
	}
	return nil
}

// selectLookup finds no order that has become a customer's.
const selectLookup = `
SELECT order_id FROM lookup_tokens JOIN orders ON id = order_id WHERE hash = $1 AND expires_at > now() AND guest_email <> ''`

// LookupOrder implements guest.Store.
func (s *Store) LookupOrder(ctx context.Context, hash []byte) (orderID string, err error) {
	err = s.pool.QueryRow(ctx, selectLookup, hash).Scan(&orderID)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", guest.ErrInvalidToken
	}
	if err != nil {
		return "", fmt.Errorf("find the token of a lookup: %w", err)
	}
	return orderID, nil
}

// SpendToken implements guest.Store.
func (s *Store) SpendToken(ctx context.Context, hash []byte) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM lookup_tokens WHERE hash = $1`, hash)
	if err != nil {
		return fmt.Errorf("spend the token of a lookup: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return guest.ErrInvalidToken
	}
	return nil
}

// DeleteTokens implements guest.Store.
func (s *Store) DeleteTokens(ctx context.Context) error {
	err := pgdb.InLongTx(ctx, s.pool, sweepTime, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM lookup_tokens WHERE expires_at <= now()`)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete the tokens of lookups: %w", err)
	}
	return nil
}

// HasGuests implements guest.Store.
func (s *Store) HasGuests(ctx context.Context) (has bool, err error) {
	if err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM orders WHERE guest_email <> '')`).Scan(&has); err != nil {
		return false, fmt.Errorf("are there guests: %w", err)
	}
	return has, nil
}

// adoptOrders makes each order another version, so that nobody saves it as a guest's.
const adoptOrders = `
UPDATE orders SET customer_id = $1, guest_email = '', version = version + 1 WHERE guest_email = $2`

// Adopt implements guest.Store.
func (s *Store) Adopt(ctx context.Context, customerID, email string) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		queueCustomer(batch, customerID)
		batch.Queue(adoptOrders, customerID, email)
		return tx.SendBatch(ctx, batch).Close()
	})
	if errors.Is(err, order.ErrCustomerErased) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("adopt orders: %w", err)
	}
	return nil
}
