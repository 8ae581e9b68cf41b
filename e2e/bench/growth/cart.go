package growth

import (
	"context"
	"crypto/md5" //nolint:gosec // PostgreSQL has the same function; nothing depends on it being hard to guess
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// CartID returns the id of the loaded guest cart i, from 1. The ids are in no order, like those that the service makes.
func CartID(i int) string { return uuid.UUID(md5.Sum(fmt.Appendf(nil, "cart %d", i))).String() } //nolint:gosec // see above

// CartLines is how many lines a loaded cart has.
const CartLines = 3

const cartsAtOnce = 50_000

// LoadCarts loads guest carts 1 to n with these SKUs. CartSKU tells which cart has which.
func (l *Loader) LoadCarts(ctx context.Context, n int, skus []string) error {
	err := chunks(n, cartsAtOnce, func(from, to int) error {
		return pgx.BeginFunc(ctx, l.databases["carts"], func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO carts (id, expires_at)
				SELECT md5('cart ' || i)::uuid, now() + interval '1 day' + i * interval '29 days' / $3 FROM generate_series($1::int, $2::int) i`, from, to, n)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO cart_lines (cart_id, sku, quantity)
				SELECT md5('cart ' || i)::uuid, ($3::text[])[1 + (i + line) % cardinality($3)], 1 + line
				FROM generate_series($1::int, $2::int) i, generate_series(0, $4::int - 1) line ORDER BY i, line`, from, to, skus, CartLines)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("load carts: %w", err)
	}
	l.say("%d carts", n)
	return l.Settle(ctx, "carts")
}

// CartSKU returns the SKU of a line, from 0, of the loaded cart i, given the SKUs that the carts were loaded with.
func CartSKU(i, line int, skus []string) string { return skus[(i+line)%len(skus)] }

// LoadCart loads a guest cart with one piece of each of the SKUs, and returns its id.
func (l *Loader) LoadCart(ctx context.Context, skus []string) (string, error) {
	id := uuid.NewString()
	_, err := l.databases["carts"].Exec(ctx, `WITH cart AS (
			INSERT INTO carts (id, expires_at) VALUES ($1, now() + interval '30 days') RETURNING id
		)
		INSERT INTO cart_lines (cart_id, sku, quantity) SELECT cart.id, sku, 1 FROM cart, unnest($2::text[]) sku`, id, skus)
	if err != nil {
		return "", fmt.Errorf("load a cart of %s: %w", strings.Join(skus[:1], ""), err)
	}
	return id, nil
}
