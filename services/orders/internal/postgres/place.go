package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/idempotency"
	"souk/platform/pgdb"
	"souk/platform/pgkey"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

const numberConstraint = "orders_number_key"

// Place implements checkout.Store. Of requests with the same key, all but the first wait until it has committed, and then violate the
// constraint of the key.
func (s *Store) Place(ctx context.Context, o order.Order, key idempotency.Request) (order.Order, error) {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		queueCustomer(batch, o.CustomerID())
		s.queueOrder(ctx, batch, o)
		pgkey.Claim(batch, key, o.ID())
		queueClaim(batch, o)
		queueLines(batch, o.ID(), o.Snapshot().Lines)
		queueEntries(batch, o)
		return tx.SendBatch(ctx, batch).Close()
	})
	switch {
	case pgkey.IsTaken(err):
		return order.Order{}, order.ErrKeyTaken
	case pgdb.IsUnique(err, numberConstraint):
		return order.Order{}, checkout.ErrNumberTaken
	case pgdb.IsUnique(err, claimConstraint):
		return order.Order{}, s.claimedBy(ctx, o)
	case err != nil:
		return order.Order{}, fmt.Errorf("insert order: %w", err)
	}
	return o.Saved(nil), nil
}

const insertOrder = `
INSERT INTO orders (id, number, customer_id, status, intent, version, created_at, changed_at,
    currency, subtotal, shipping_price, tax, total, line_count,
    shipping_address, shipping_option, shipping_carrier, shipping_service, weight_grams,
    shipment_id, shipment_carrier, tracking_number,
    payment_method, payment_status, authorized, captured, refunded,
    cart_id, cart_checked_out, purchases, hold_until, refusal, trace, due_at, guest_email)
VALUES (@id, @number, @customer_id, @status, @intent, @version + 1, @created_at, @changed_at,
    @currency, @subtotal, @shipping_price, @tax, @total, @line_count,
    @shipping_address, @shipping_option, @shipping_carrier, @shipping_service, @weight_grams,
    @shipment_id, @shipment_carrier, @tracking_number,
    @payment_method, @payment_status, @authorized, @captured, @refunded,
    @cart_id, @cart_checked_out, @purchases, @hold_until, @refusal, @trace, now() + @due_after::interval, @guest_email)`

func (s *Store) queueOrder(ctx context.Context, batch *pgx.Batch, o order.Order) {
	r, args := o.Snapshot(), s.mutable(ctx, o)
	for name, value := range map[string]any{
		"number": r.Number, "customer_id": r.CustomerID, "created_at": r.CreatedAt,
		"currency": r.Totals.Total.Currency, "subtotal": r.Totals.Subtotal.Amount,
		"shipping_price": r.Totals.Shipping.Amount, "tax": r.Totals.Tax.Amount, "total": r.Totals.Total.Amount,
		"line_count": len(r.Lines), "shipping_address": r.ShippingAddress,
		"shipping_option": r.Shipping.OptionID, "shipping_carrier": r.Shipping.Carrier,
		"shipping_service": r.Shipping.Service, "weight_grams": r.Shipping.WeightGrams,
		"guest_email": r.GuestEmail, "payment_method": r.PaymentMethod, "cart_id": r.CartID, "purchases": r.Purchases, "hold_until": r.HoldUntil,
	} {
		args[name] = value
	}
	batch.Queue(insertOrder, args)
}

const insertLines = `
INSERT INTO order_lines (order_id, position, sku, title, quantity, unit_price, line_total, product_id, slug, image, options,
    untracked, continue_selling)
SELECT $1, line.position, line.sku, line.title, line.quantity, line.unit_price, line.line_total,
    nullif(line.origin->>'product_id', ''), nullif(line.origin->>'slug', ''), line.origin->'image', line.origin->'options',
    line.untracked, line.continue_selling
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::json[],
        $8::boolean[], $9::boolean[])
    WITH ORDINALITY AS line (sku, title, quantity, unit_price, line_total, origin, untracked, continue_selling, position)`

func queueLines(batch *pgx.Batch, orderID string, lines []order.Line) {
	n := len(lines)
	skus, titles := make([]string, n), make([]string, n)
	quantities, prices, totals := make([]int64, n), make([]int64, n), make([]int64, n)
	origins := make([]order.Origin, n)
	untracked, continued := make([]bool, n), make([]bool, n)
	for i, line := range lines {
		skus[i], titles[i], quantities[i] = line.SKU, line.Title, line.Quantity
		prices[i], totals[i] = line.UnitPrice.Amount, line.LineTotal.Amount
		origins[i] = line.Origin
		untracked[i], continued[i] = line.Untracked, line.ContinueSelling
	}
	batch.Queue(insertLines, orderID, skus, titles, quantities, prices, totals, origins, untracked, continued)
}

const insertEntry = `
INSERT INTO timeline_entries (order_id, position, at, event, detail, actor_id) VALUES ($1, $2, $3, $4, $5, $6)`

// queueEntries inserts the entries of an order's timeline that are not saved yet, and the mails about them.
func queueEntries(batch *pgx.Batch, o order.Order) {
	entries := o.Unsaved()
	first := len(o.Timeline()) - len(entries) + 1
	for i, entry := range entries {
		batch.Queue(insertEntry, o.ID(), first+i, entry.At, string(entry.Event), entry.Detail, entry.ActorID)
		queueMail(batch, o.ID(), first+i, entry.Event)
	}
}
