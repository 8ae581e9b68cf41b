package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/carts/internal/carts"
)

// guest matches a guest cart, claimed or not.
const guest = `id = @cart AND customer_id IS NULL AND expires_at > now()`

// lockOwn locks the customer's own cart, if the guest cart may be claimed. It creates the own cart if there is none.
const lockOwn = `
	INSERT INTO carts (id, customer_id, expires_at)
	SELECT @holder::uuid, @holder::uuid, now() + @customer_life::interval
	WHERE EXISTS (SELECT FROM carts WHERE ` + guest + ` AND (claimed_by IS NULL OR claimed_by = @holder))
	ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at`

// moveLines moves all lines of the guest cart, or none if there would be too many.
const moveLines = `
	WITH claimed AS (
		UPDATE carts SET claimed_by = @holder
		WHERE ` + guest + ` AND claimed_by IS NULL
			AND (SELECT count(DISTINCT sku) FROM cart_lines WHERE cart_id IN (@cart, @holder)) <= @most_lines
		RETURNING id, ` + purchases + ` AS purchases
	),
	merged AS (
		UPDATE carts SET purchases = ` + purchases + ` || claimed.purchases FROM claimed WHERE carts.id = @holder
	),
	moved AS (
		DELETE FROM cart_lines USING claimed WHERE cart_id = claimed.id RETURNING sku, quantity, position
	)
	INSERT INTO cart_lines (cart_id, sku, quantity) SELECT @holder, sku, quantity FROM moved ORDER BY position
	ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = least(cart_lines.quantity + excluded.quantity, @most_pieces)`

// Claim implements carts.Store. Like change, it is one message and one transaction, and takes its locks first: the own cart
// before the guest cart.
func (s *Store) Claim(ctx context.Context, customer, id string) (cart carts.Cart, err error) {
	args := named(customer, id)
	args["most_lines"], args["most_pieces"] = carts.MaxLines, carts.MaxQuantity
	batch := &pgx.Batch{}
	batch.Queue(deleteEnded, args)
	batch.Queue(lockOwn, args)
	batch.Queue(`SELECT FROM carts WHERE `+guest+` FOR NO KEY UPDATE`, args)
	batch.Queue(moveLines, args)
	batch.Queue(`SELECT claimed_by = @holder FROM carts WHERE `+guest, args).QueryRow(claimed)
	queueRead(batch, named(customer, customer), &cart)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return carts.Cart{}, fmt.Errorf("claim cart: %w", err)
	}
	return cart, nil
}

// claimed returns nil if the row says that the customer has claimed the guest cart.
func claimed(row pgx.Row) error {
	var ours *bool // nil if nobody has claimed the cart
	err := row.Scan(&ours)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || ours != nil && !*ours:
		return carts.ErrNotFound
	case err == nil && ours == nil:
		return carts.ErrFull
	default:
		return err
	}
}
