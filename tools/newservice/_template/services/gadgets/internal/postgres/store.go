// Package postgres keeps gadgets in PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"

	"souk/services/gadgets/internal/gadgets"
)

// Store implements gadgets.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ gadgets.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Insert implements gadgets.Store. It is part of the transaction that saves the idempotency key, if there is one in ctx.
func (s *Store) Insert(ctx context.Context, g gadgets.Gadget) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO gadgets (id, customer_id, title, created_at) VALUES ($1, $2, $3, $4)`,
			g.ID, g.CustomerID, g.Title, g.CreatedAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("insert gadget: %w", err)
	}
	return nil
}

// Find implements gadgets.Store.
func (s *Store) Find(ctx context.Context, customer, id string) (gadgets.Gadget, error) {
	var g gadgets.Gadget
	err := s.pool.QueryRow(ctx, `SELECT id, customer_id, title, created_at FROM gadgets WHERE id = $1 AND customer_id = $2`, id, customer).
		Scan(&g.ID, &g.CustomerID, &g.Title, &g.CreatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return g, gadgets.ErrNotFound
	}
	if err != nil {
		return g, fmt.Errorf("find gadget: %w", err)
	}
	return g, nil
}
