package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What is bought costs this, in minor units.
const (
	subtotal = 1250
	shipping = 345
	total    = subtotal + shipping
	currency = "GBP"
)

// The method that orders keeps the keys of checkouts by.
const placeOrder = "/souk.orders.v1.OrdersService/PlaceOrder"

// place is what orders writes first: the order with its line and its key.
func (c *Checkout) place(ctx context.Context, p *purchase) error {
	return pgx.BeginFunc(ctx, c.orders, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, p.customer)
		batch.Queue(`SELECT EXISTS (SELECT FROM erased_customers WHERE customer_id = $1)`, p.customer)
		batch.Queue(insertOrder, p.order, p.number, p.customer, p.at, currency, subtotal, shipping, total, address, p.cart)
		batch.Queue(`INSERT INTO idempotent_requests (caller, method, key, fingerprint, request_id, subject)
			VALUES ($1, $2, $3, $4, $5, nullif($6, '')::uuid)`, p.customer, placeOrder, p.key, make([]byte, 32), p.key, p.order)
		batch.Queue(insertLine, p.order, p.sku, subtotal)
		batch.Queue(insertEntry, p.order, 1, p.at, "placed", "")
		return tx.SendBatch(ctx, batch).Close()
	})
}

// confirm is what orders writes last: the order is confirmed and no longer due, and its key has an answer.
func (c *Checkout) confirm(ctx context.Context, p *purchase) error {
	return pgx.BeginFunc(ctx, c.orders, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`UPDATE orders SET status = 'confirmed', version = version + 1, changed_at = now(), payment_status = 'authorized',
			authorized = total, cart_checked_out = true, due_at = NULL WHERE id = $1 AND version = 1`, p.order)
		batch.Queue(insertEntry, p.order, 2, p.at, "confirmed", "authorized 15.95 GBP")
		batch.Queue(`UPDATE idempotent_requests SET answer = coalesce(answer, $3) WHERE method = $1 AND subject = $2 RETURNING answer`,
			placeOrder, p.order, fmt.Appendf(nil, answer, p.order, p.number, p.customer, p.sku))
		return tx.SendBatch(ctx, batch).Close()
	})
}

const insertOrder = `
	INSERT INTO orders (id, number, customer_id, status, intent, version, created_at, changed_at,
		currency, subtotal, shipping_price, tax, total, line_count,
		shipping_address, shipping_option, shipping_carrier, shipping_service, weight_grams,
		shipment_id, shipment_carrier, tracking_number,
		payment_method, payment_status, authorized, captured, refunded,
		cart_id, cart_checked_out, hold_until, refusal, due_at)
	VALUES ($1, $2, $3, 'pending', '', 1, $4, $4,
		$5, $6, $7, 0, $8, 1,
		$9, 'royal-standard', 'Royal Post', 'Standard', 300,
		'', '', '',
		'pm_card_visa', 'pending', 0, 0, 0,
		$10, false, now() + interval '15 minutes', NULL, now() + interval '7 seconds')`

const insertLine = `
	INSERT INTO order_lines (order_id, position, sku, title, quantity, unit_price, line_total, product_id, slug, image, options)
	VALUES ($1, 1, $2, 'blue ceramic bowl, Small', 1, $3, $3, $1::uuid::text, 'blue-ceramic-bowl',
		'{"url":"https://images.souk.example/blue-ceramic-bowl.jpg","alt":"blue ceramic bowl"}', '[{"name":"Size","value":"Small"}]')`

const insertEntry = `
	INSERT INTO timeline_entries (order_id, position, at, event, detail) VALUES ($1, $2, $3, $4, $5)`

const address = `{"name":"Ada Shopper","line1":"1 Market Street","line2":"","city":"Leeds","region":"","postal_code":"LS1 6DT","country":"GB"}`

// answer is as long as what orders keeps for a key.
const answer = `{"ID":%q,"Number":%q,"CustomerID":%q,"Status":"confirmed","Lines":[{"SKU":%q,"Title":"blue ceramic bowl, Small","Quantity":1,` +
	`"UnitPrice":{"Amount":1250,"Currency":"GBP"},"LineTotal":{"Amount":1250,"Currency":"GBP"},"slug":"blue-ceramic-bowl",` +
	`"image":{"url":"https://images.souk.example/blue-ceramic-bowl.jpg","alt":"blue ceramic bowl"},"options":[{"name":"Size","value":"Small"}]}],` +
	`"Totals":{"Subtotal":{"Amount":1250,"Currency":"GBP"},"Shipping":{"Amount":345,"Currency":"GBP"},"Tax":{"Amount":0,"Currency":"GBP"},` +
	`"Total":{"Amount":1595,"Currency":"GBP"}},"ShippingAddress":{"name":"Ada Shopper","line1":"1 Market Street","line2":"","city":"Leeds","region":"",` +
	`"postal_code":"LS1 6DT","country":"GB"},"Payment":{"Status":"authorized","Authorized":{"Amount":1595,"Currency":"GBP"}},` +
	`"Timeline":[{"at":"2026-11-28T06:00:00Z","event":"placed"},{"at":"2026-11-28T06:00:00Z","event":"confirmed","detail":"authorized 15.95 GBP"}]}`
