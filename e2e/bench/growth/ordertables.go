package growth

// ofOrders are the tables of each service that have rows of a delivered order. Its job is gone by then, and so are the idempotency keys of
// orders that are older than two days.
var ofOrders = map[string][]table{
	"orders": {
		{name: "orders", on: "t.id = c.source", set: aged(map[string]string{
			"id": "c.id", "number": "c.number", "customer_id": "c.customer", "cart_id": "c.customer", "shipment_id": "c.shipment",
			"tracking_number": "c.tracking", "purchases": "NULL",
		}, "created_at", "changed_at", "tracked_at", "hold_until")},
		{name: "order_lines", on: "t.order_id = c.source", set: map[string]string{"order_id": "c.id"}},
		{name: "timeline_entries", on: "t.order_id = c.source", set: aged(map[string]string{
			"order_id": "c.id", "detail": "replace(t.detail, c.source_tracking, c.tracking)",
		}, "at")},
		{name: "idempotent_requests", on: "t.subject = c.source AND c.age < " + keysFor, set: aged(map[string]string{
			"caller": "c.customer", "key": "'past-' || c.n", "subject": "c.id", "answer": keptAnswer,
		}, "created_at")},
	},
	"payments": {
		{name: "payments", on: "t.order_id = c.source", set: aged(map[string]string{
			"id": "c.payment", "order_id": "c.id", "reference": ownReference, "ask_at": nextAsk,
		}, "created_at", "updated_at")},
		{name: "ledger_entries", on: "t.payment_id = c.source_payment", inOrder: "id", set: aged(map[string]string{"payment_id": "c.payment"}, "at")},
		{name: "simulator.authorizations", on: "t.reference = " + sourceReference, set: map[string]string{"reference": ownReference}},
	},
	"inventory": {
		{name: "reservations", on: "t.order_id = c.source", set: aged(map[string]string{"order_id": "c.id"}, "created_at", "expires_at")},
		{name: "reservation_lines", on: "t.order_id = c.source", set: map[string]string{"order_id": "c.id"}},
		{name: "stock_entries", on: "t.order_id = c.source", inOrder: "id", set: aged(map[string]string{"order_id": "c.id"}, "at")},
	},
	"shipping": {
		{name: "shipments", on: "t.order_id = c.source", set: aged(map[string]string{
			"id": "c.shipment", "order_id": "c.id", "tracking_number": "c.tracking",
		}, "created_at", "handed_over_at", "tracked_at")},
		{name: "tracking_events", on: "t.shipment_id = c.source_shipment", set: aged(map[string]string{"shipment_id": "c.shipment"}, "at")},
	},
}

// otherTables are those that afterOrders writes.
var otherTables = map[string][]string{"carts": {"carts", "cart_checkouts"}}

// afterOrders are what else a delivered order changes.
var afterOrders = map[string][]string{
	// The trigger that copies new keys copies their answers when they are given.
	"orders": {`UPDATE idempotent_requests SET answer = answer WHERE subject IN (SELECT id FROM copies WHERE age < ` + keysFor + `)`},
	"inventory": {`UPDATE levels l SET on_hand = on_hand - sold
		FROM (SELECT t.sku, sum(t.quantity)::bigint FROM copies c JOIN reservation_lines t ON t.order_id = c.source GROUP BY t.sku) s (sku, sold)
		WHERE l.sku = s.sku`},
	"carts": {
		`INSERT INTO carts (id, customer_id, expires_at)
			SELECT customer::uuid, customer::uuid, max(placed - age) + interval '366 days' FROM copies GROUP BY customer ON CONFLICT DO NOTHING`,
		`INSERT INTO cart_checkouts (cart_id, order_id) SELECT customer::uuid, id FROM copies ORDER BY n DESC`,
	},
}

const (
	ownReference    = "'souk-' || c.id"
	sourceReference = "'souk-' || c.source"
	// nextAsk is when payments asks its provider about a payment of that age.
	nextAsk = "CASE WHEN c.age > interval '60 days' THEN 'infinity' ELSE t.ask_at + least(c.age, interval '7 days') END"
)

// keptAnswer is the answer to the checkout, which has ids and times in it.
var keptAnswer = `convert_to(replace(replace(replace(replace(replace(convert_from(t.answer, 'UTF8'), c.source::text, c.id::text),
	c.source_number, c.number), c.source_customer, c.customer), ` + written("c.placed") + `, ` + written("c.placed - c.age") + `),
	` + written("c.confirmed") + `, ` + written("c.confirmed - c.age") + `), 'UTF8')`

// written is how a time is written in answers: without zeros at the end of the fraction.
func written(at string) string {
	return `rtrim(to_char((` + at + `) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0') || 'Z'`
}

// aged adds columns of times, which are earlier in the copy.
func aged(set map[string]string, times ...string) map[string]string {
	for _, column := range times {
		set[column] = "t." + column + " - c.age"
	}
	return set
}
