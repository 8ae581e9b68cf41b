package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/idempotency"
	"souk/platform/pgdb"
	"souk/platform/pgkey"

	"souk/services/orders/internal/orders"
)

const numberConstraint = "orders_number_key"

// Place implements orders.Store. Of requests with the same key, all but the first wait for it to commit
// and then violate the key's constraint.
func (s *Store) Place(ctx context.Context, r orders.Record, key idempotency.Request) (orders.Record, error) {
	r.Version = 1
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		queueCustomer(batch, r.CustomerID)
		s.queueOrder(batch, r)
		pgkey.Claim(batch, key, r.ID)
		queueLines(batch, r)
		queueEntries(batch, r, r.Timeline)
		return tx.SendBatch(ctx, batch).Close()
	})
	switch {
	case pgkey.IsTaken(err):
		return orders.Record{}, orders.ErrKeyTaken
	case pgdb.IsUnique(err, numberConstraint):
		return orders.Record{}, orders.ErrNumberTaken
	case err != nil:
		return orders.Record{}, fmt.Errorf("insert order: %w", err)
	}
	return r, nil
}

const insertOrder = `
INSERT INTO orders (id, number, customer_id, status, intent, version, created_at, changed_at,
    currency, subtotal, shipping_price, tax, total, line_count,
    shipping_address, shipping_option, shipping_carrier, shipping_service, weight_grams,
    shipment_id, shipment_carrier, tracking_number,
    payment_method, payment_status, authorized, captured, refunded,
    cart_id, cart_checked_out, hold_until, refusal, due_at)
VALUES (@id, @number, @customer_id, @status, @intent, @version, @created_at, @changed_at,
    @currency, @subtotal, @shipping_price, @tax, @total, @line_count,
    @shipping_address, @shipping_option, @shipping_carrier, @shipping_service, @weight_grams,
    @shipment_id, @shipment_carrier, @tracking_number,
    @payment_method, @payment_status, @authorized, @captured, @refunded,
    @cart_id, @cart_checked_out, @hold_until, @refusal, now() + @due_after::interval)`

func (s *Store) queueOrder(batch *pgx.Batch, r orders.Record) {
	args := s.mutable(r)
	for name, value := range map[string]any{
		"number": r.Number, "customer_id": r.CustomerID, "created_at": r.CreatedAt,
		"currency": r.Totals.Total.Currency, "subtotal": r.Totals.Subtotal.Amount,
		"shipping_price": r.Totals.Shipping.Amount, "tax": r.Totals.Tax.Amount, "total": r.Totals.Total.Amount,
		"line_count": len(r.Lines), "shipping_address": r.ShippingAddress,
		"shipping_option": r.Shipping.OptionID, "shipping_carrier": r.Shipping.Carrier,
		"shipping_service": r.Shipping.Service, "weight_grams": r.Shipping.WeightGrams,
		"payment_method": r.PaymentMethod, "cart_id": r.CartID, "hold_until": r.HoldUntil,
	} {
		args[name] = value
	}
	batch.Queue(insertOrder, args)
}

const insertLines = `
INSERT INTO order_lines (order_id, position, sku, title, quantity, unit_price, line_total, product_id, slug, image, options)
SELECT $1, line.position, line.sku, line.title, line.quantity, line.unit_price, line.line_total,
    nullif(line.origin->>'product_id', ''), nullif(line.origin->>'slug', ''), line.origin->'image', line.origin->'options'
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::json[])
    WITH ORDINALITY AS line (sku, title, quantity, unit_price, line_total, origin, position)`

func queueLines(batch *pgx.Batch, r orders.Record) {
	n := len(r.Lines)
	skus, titles := make([]string, n), make([]string, n)
	quantities, prices, totals := make([]int64, n), make([]int64, n), make([]int64, n)
	origins := make([]orders.Origin, n)
	for i, line := range r.Lines {
		skus[i], titles[i], quantities[i] = line.SKU, line.Title, line.Quantity
		prices[i], totals[i] = line.UnitPrice.Amount, line.LineTotal.Amount
		origins[i] = line.Origin
	}
	batch.Queue(insertLines, r.ID, skus, titles, quantities, prices, totals, origins)
}

const insertEntry = `
INSERT INTO timeline_entries (order_id, position, at, event, detail) VALUES ($1, $2, $3, $4, $5)`

// queueEntries inserts the last entries of the record's timeline.
func queueEntries(batch *pgx.Batch, r orders.Record, entries []orders.TimelineEntry) {
	first := len(r.Timeline) - len(entries) + 1
	for i, entry := range entries {
		batch.Queue(insertEntry, r.ID, first+i, entry.At, string(entry.Event), entry.Detail)
	}
}
