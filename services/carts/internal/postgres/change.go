package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/services/carts/internal/carts"
)

// renew extends the life of a changed cart.
const renew = `UPDATE carts SET expires_at = now() + CASE WHEN customer_id IS NULL THEN @guest_life::interval ELSE @customer_life::interval END`

// mine locks the cart to change. The cart is locked before any of its lines.
const mine = `mine AS (SELECT id FROM carts WHERE ` + held + ` FOR NO KEY UPDATE)`

// change changes a cart that its holder may use. It returns the cart after the change, and whether the change was made.
//
// The lock, the change and the read are sent to PostgreSQL in one message and form one transaction. The lock is a separate
// statement because a statement sees the data as of its start. So the change, which starts when the lock is held, sees all
// earlier changes.
func (s *Store) change(ctx context.Context, sql string, args pgx.NamedArgs) (cart carts.Cart, made bool, err error) {
	var locked bool
	batch := &pgx.Batch{}
	batch.Queue(`WITH `+mine+` SELECT FROM mine`, args).Exec(func(tag pgconn.CommandTag) error {
		locked = tag.RowsAffected() > 0
		return nil
	})
	batch.Queue(sql, args).Exec(func(tag pgconn.CommandTag) error {
		made = tag.RowsAffected() > 0
		return nil
	})
	queueRead(batch, args, &cart)
	err = s.pool.SendBatch(ctx, batch).Close()
	if err == nil && !locked && !made {
		err = carts.ErrNotFound // the cart was created between the change and the read
	}
	return cart, made, err
}

const setItem = `
	WITH ` + mine + `,
	line AS (
		INSERT INTO cart_lines (cart_id, sku, quantity)
		SELECT id, @sku, @quantity::bigint FROM mine
		WHERE EXISTS (SELECT FROM cart_lines WHERE cart_id = @cart AND sku = @sku)
			OR (SELECT count(*) FROM cart_lines WHERE cart_id = @cart) < @most_lines
		ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity
		RETURNING cart_id
	)
	` + renew + ` FROM line WHERE id = line.cart_id`

// SetItem implements carts.Store.
func (s *Store) SetItem(ctx context.Context, holder, id string, line carts.Line) (carts.Cart, error) {
	args := named(holder, id)
	args["sku"], args["quantity"], args["most_lines"] = line.SKU, line.Quantity, carts.MaxLines
	cart, made, err := s.change(ctx, setItem, args)
	if err == nil && !made {
		err = carts.ErrFull
	}
	if err != nil {
		return carts.Cart{}, fmt.Errorf("set item: %w", err)
	}
	return cart, nil
}

const removeItem = `
	WITH ` + mine + `,
	line AS (DELETE FROM cart_lines USING mine WHERE cart_id = mine.id AND sku = @sku)
	` + renew + ` FROM mine WHERE carts.id = mine.id`

// RemoveItem implements carts.Store.
func (s *Store) RemoveItem(ctx context.Context, holder, id, sku string) (carts.Cart, error) {
	args := named(holder, id)
	args["sku"] = sku
	cart, _, err := s.change(ctx, removeItem, args)
	if err != nil {
		return carts.Cart{}, fmt.Errorf("remove item: %w", err)
	}
	return cart, nil
}

// lockUsable locks a cart regardless of its holder.
const lockUsable = `SELECT id FROM carts WHERE ` + usable + ` FOR NO KEY UPDATE`

// checkOut does nothing if the order was already checked out of the cart, or of the guest cart @ordered before it was claimed.
const checkOut = `
	WITH mine AS (` + lockUsable + `),
	done AS (
		INSERT INTO cart_checkouts (cart_id, order_id) SELECT id, @order::uuid FROM mine
		WHERE NOT EXISTS (SELECT FROM cart_checkouts WHERE cart_id = @ordered AND order_id = @order)
		ON CONFLICT DO NOTHING RETURNING cart_id
	),
	ordered AS (
		SELECT sku, sum(quantity)::bigint AS quantity FROM unnest(@skus::text[], @quantities::bigint[]) AS line (sku, quantity) GROUP BY sku
	),
	sold AS (
		DELETE FROM cart_lines l USING done, ordered o WHERE l.cart_id = done.cart_id AND l.sku = o.sku AND l.quantity <= o.quantity
	),
	reduced AS (
		UPDATE cart_lines l SET quantity = l.quantity - o.quantity FROM done, ordered o
		WHERE l.cart_id = done.cart_id AND l.sku = o.sku AND l.quantity > o.quantity
	)
	` + renew + `, purchases = gen_random_uuid() || CASE WHEN @purchases::uuid[] = '{}' THEN '{}'
		ELSE ARRAY(SELECT p FROM unnest(` + purchases + `) AS p WHERE p <> ALL (@purchases)) END
	FROM done WHERE id = done.cart_id`

// CheckOut implements carts.Store.
func (s *Store) CheckOut(ctx context.Context, id string, checkout carts.Checkout) error {
	found, err := s.checkOut(ctx, id, id, checkout)
	if err == nil && !found {
		err = s.checkOutClaimed(ctx, id, checkout)
	}
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	return nil
}

// checkOutClaimed takes the lines out of the cart of the customer who claimed the guest cart, if there is one.
func (s *Store) checkOutClaimed(ctx context.Context, guest string, checkout carts.Checkout) error {
	var customer string
	err := s.pool.QueryRow(ctx, `SELECT claimed_by FROM carts WHERE id = $1 AND claimed_by IS NOT NULL`, guest).Scan(&customer)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.checkOut(ctx, customer, guest, checkout)
	return err
}

// checkOut takes lines that were ordered from the cart ordered out of the cart id, which may be the same, and reports whether
// that cart exists. Like change, it locks the cart first.
func (s *Store) checkOut(ctx context.Context, id, ordered string, checkout carts.Checkout) (found bool, err error) {
	args := named("", id)
	skus, quantities := split(checkout.Lines)
	args["ordered"], args["order"], args["purchases"] = ordered, checkout.OrderID, slices.Concat([]string{}, checkout.Purchases)
	args["skus"], args["quantities"] = skus, quantities
	batch := &pgx.Batch{}
	batch.Queue(lockUsable, args).Exec(func(tag pgconn.CommandTag) error {
		found = tag.RowsAffected() > 0
		return nil
	})
	batch.Queue(checkOut, args)
	return found, s.pool.SendBatch(ctx, batch).Close()
}

func split(lines []carts.Line) (skus []string, quantities []int64) {
	for _, line := range lines {
		skus = append(skus, line.SKU)
		quantities = append(quantities, line.Quantity)
	}
	return skus, quantities
}
