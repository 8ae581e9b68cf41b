package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/order"
)

// position is the place of a position in another service's feed: a table of one row.
type position struct {
	feed           string // its name, in errors
	query, advance string
}

var (
	parcelPosition = position{
		"moves", `SELECT position FROM parcel_feed`, `UPDATE parcel_feed SET position = $2 WHERE position = $1`,
	}
	paymentPosition = position{
		"payments", `SELECT position FROM payment_feed`, `UPDATE payment_feed SET position = $2 WHERE position = $1`,
	}
)

func (s *Store) readPosition(ctx context.Context, p position) (at string, err error) {
	if err := s.pool.QueryRow(ctx, p.query).Scan(&at); err != nil {
		return "", fmt.Errorf("position in the feed of %s: %w", p.feed, err)
	}
	return at, nil
}

// advancePosition moves a position on in one transaction, together with what also queues. It returns order.ErrConflict when the position is
// not from any more.
func (s *Store) advancePosition(ctx context.Context, p position, from, to string, also func(*pgx.Batch)) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(p.advance, from, to).Exec(mustAffectOne)
		also(batch)
		return tx.SendBatch(ctx, batch).Close()
	})
	if errors.Is(err, order.ErrConflict) {
		return order.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("save the position in the feed of %s: %w", p.feed, err)
	}
	return nil
}
