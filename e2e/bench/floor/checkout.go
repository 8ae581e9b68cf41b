package floor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Checkout writes the rows of a confirmed checkout of one line, in the same transactions of the same databases as the shop. The rows
// of the simulated card network are left out, because it is no part of the shop.
type Checkout struct {
	orders, inventory, payments, carts *pgxpool.Pool
	skus                               []string
	workers                            []worker
}

// worker is one that buys from a cart of its own.
type worker struct {
	cart, customer string
	bought         int
}

// OpenCheckout opens the databases, whose addresses url knows by the service, and a cart for each worker.
func OpenCheckout(ctx context.Context, url func(service string) string, skus []string, workers int) (*Checkout, error) {
	c := &Checkout{skus: skus}
	for service, pool := range map[string]**pgxpool.Pool{"orders": &c.orders, "inventory": &c.inventory, "payments": &c.payments, "carts": &c.carts} {
		var err error
		if *pool, err = open(ctx, url(service)); err != nil {
			return nil, err
		}
	}
	for range workers {
		w := worker{cart: uuid.NewString(), customer: uuid.NewString()}
		if _, err := c.carts.Exec(ctx, `INSERT INTO carts (id, expires_at) VALUES ($1, now() + interval '1 day')`, w.cart); err != nil {
			return nil, fmt.Errorf("open a cart: %w", err)
		}
		c.workers = append(c.workers, w)
	}
	return c, nil
}

// Close closes the connections.
func (c *Checkout) Close() {
	for _, pool := range []*pgxpool.Pool{c.orders, c.inventory, c.payments, c.carts} {
		pool.Close()
	}
}

// purchase is one checkout.
type purchase struct {
	worker
	order, payment, sku, number, key string
	at                               time.Time
}

// Do checks one line out for a worker.
func (c *Checkout) Do(ctx context.Context, n int) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	w := &c.workers[n]
	w.bought++
	p := &purchase{
		worker: *w, order: id.String(), payment: uuid.NewString(), sku: c.skus[(w.bought*len(c.workers)+n)%len(c.skus)],
		number: "F-" + rand.Text()[:12], key: rand.Text(), at: time.Now(),
	}
	for _, write := range []func(context.Context, *purchase) error{c.place, c.reserve, c.begin, c.authorize, c.commit, c.checkOut, c.confirm} {
		if err := write(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// begin and authorize are what payments writes.
func (c *Checkout) begin(ctx context.Context, p *purchase) error {
	_, err := c.payments.Exec(ctx, `INSERT INTO payments (id, order_id, reference, method, status, amount, currency)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, p.payment, p.order, "floor-"+p.order, "pm_card_visa", "pending", total, currency)
	return err
}

func (c *Checkout) authorize(ctx context.Context, p *purchase) error {
	return pgx.BeginFunc(ctx, c.payments, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE payments SET status = $3, decline_reason = $4, provider_id = $5, updated_at = now()
			WHERE id = $1 AND status = $2`, p.payment, "pending", "authorized", "", "")
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for account, amount := range map[string]int{"authorization_holds": total, "customer_funds": -total} {
			batch.Queue(`INSERT INTO ledger_entries (payment_id, movement, refund_id, account, amount, currency)
				VALUES ($1, $2, $3, $4, $5, $6)`, p.payment, "authorized", nil, account, amount, currency)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

// checkOut is what carts writes. The line is put in the cart by the same message, because the shop's carts are filled before.
func (c *Checkout) checkOut(ctx context.Context, p *purchase) error {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT id FROM carts WHERE id = $1 AND claimed_by IS NULL AND expires_at > now() FOR NO KEY UPDATE`, p.cart)
	batch.Queue(`INSERT INTO cart_lines (cart_id, sku, quantity) VALUES ($1, $2, 1)`, p.cart, p.sku)
	batch.Queue(`WITH done AS (
			INSERT INTO cart_checkouts (cart_id, order_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING cart_id
		),
		sold AS (DELETE FROM cart_lines l USING done WHERE l.cart_id = done.cart_id AND l.sku = $3)
		UPDATE carts SET expires_at = now() + interval '30 days' FROM done WHERE id = done.cart_id`, p.cart, p.order, p.sku)
	return c.carts.SendBatch(ctx, batch).Close()
}

var errNotSold = errors.New("the floor of a checkout sold nothing, so its statements are no longer those of the shop")
