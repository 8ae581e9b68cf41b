package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

const claimConstraint = "cart_claims_pkey"

// queueClaim claims the purchases of the order's cart. It violates the constraint when another order has claimed one of them.
func queueClaim(batch *pgx.Batch, o order.Order) {
	if purchases := o.Purchases(); len(purchases) > 0 {
		batch.Queue(`INSERT INTO cart_claims (purchase_id, order_id) SELECT purchase, $2 FROM unnest($1::uuid[]) AS purchase`, purchases, o.ID())
	}
}

// queueRelease gives the claim of an order back that has ended without buying what is in its cart.
func queueRelease(batch *pgx.Batch, o order.Order) {
	if o.GivesCartBack() {
		batch.Queue(`DELETE FROM cart_claims WHERE order_id = $1`, o.ID())
	}
}

// claimedBy returns the error for an order whose cart another order has claimed.
func (s *Store) claimedBy(ctx context.Context, o order.Order) error {
	claimed := &checkout.CartBeingOrderedError{}
	err := s.pool.QueryRow(ctx, `SELECT order_id FROM cart_claims JOIN orders ON id = order_id
		WHERE purchase_id = ANY ($1) AND customer_id = $2 LIMIT 1`, o.Purchases(), o.CustomerID()).Scan(&claimed.OrderID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("find the order of a cart: %w", err)
	}
	return claimed
}

// SweepClaimsEvery is how often DeleteClaims is to be called.
const SweepClaimsEvery = time.Minute

// claimLife is how long a claim is kept after the cart was emptied. A request that read the cart before has ended long before that.
const claimLife = 10 * time.Minute

// DeleteClaims deletes the claims of orders whose carts were emptied some time ago. By then the carts have other purchases.
func (s *Store) DeleteClaims(ctx context.Context) error {
	err := pgdb.InLongTx(ctx, s.pool, sweepTime, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM cart_claims USING orders
			WHERE id = order_id AND cart_checked_out AND changed_at < now() - $1::interval`, claimLife)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete claims: %w", err)
	}
	return nil
}
