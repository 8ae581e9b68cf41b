package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/order"
)

// Get implements order.Reader.
func (s *Store) Get(ctx context.Context, id string) (order.Order, error) {
	found, err := s.read(ctx, "WHERE id = $1", id)
	if err != nil {
		return order.Order{}, fmt.Errorf("get order: %w", err)
	}
	if len(found) == 0 {
		return order.Order{}, order.ErrNotFound
	}
	return found[0], nil
}

// Orders returns those of the orders that exist.
func (s *Store) Orders(ctx context.Context, ids []string) ([]order.Order, error) {
	found, err := s.read(ctx, "WHERE id = ANY($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	return found, nil
}

// selectOrders is one statement, so that an order and its lines, timeline, returns and refunds are of the same moment.
const selectOrders = `
SELECT id, number, customer_id, status, intent, decided_by, version, created_at, changed_at,
    currency, subtotal, shipping_price, tax, total,
    shipping_address, shipping_option, shipping_carrier, shipping_service, weight_grams,
    shipment_id, shipment_carrier, tracking_number,
    payment_method, payment_status, authorized, captured, refunded, payment_version, payment_attention, owed,
    cart_id, cart_checked_out, purchases::text[] AS purchases, hold_until, refusal,
    coalesce(booking_id::text, '') AS booking_id, dispatch_refusal, guest_email,
    (SELECT json_agg(json_build_object('sku', sku, 'title', title, 'quantity', quantity,
            'unit_price', unit_price, 'line_total', line_total, 'product_id', product_id, 'slug', slug,
            'image', image, 'options', options, 'untracked', untracked, 'continue_selling', continue_selling) ORDER BY position)
        FROM order_lines WHERE order_id = orders.id) AS lines,
    (SELECT json_agg(json_build_object('at', at, 'event', event, 'detail', detail, 'actor_id', actor_id) ORDER BY position)
        FROM timeline_entries WHERE order_id = orders.id) AS timeline,
    (SELECT json_agg(json_build_object('id', id, 'status', status, 'lines', lines, 'not_restocked', not_restocked, 'reason', reason,
            'amount', amount, 'refund_shipping', refund_shipping, 'refusal_reason', refusal_reason, 'created_at', created_at) ORDER BY id)
        FROM returns WHERE order_id = orders.id) AS returns,
    (SELECT json_agg(json_build_object('id', id, 'status', status, 'amount', amount, 'reason', reason,
            'lines', coalesce(lines, (SELECT lines FROM returns WHERE returns.id = return_id)), 'shipping', shipping,
            'return_id', coalesce(return_id::text, ''), 'actor_id', actor_id, 'created_at', created_at) ORDER BY id)
        FROM refunds WHERE order_id = orders.id) AS refunds,
    EXISTS (SELECT FROM erased_customers e WHERE e.customer_id = orders.customer_id) AS erased
FROM orders `

func (s *Store) read(ctx context.Context, rest string, args ...any) ([]order.Order, error) {
	rows, err := pgdb.Reader(ctx, s.pool).Query(ctx, selectOrders+rest, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (order.Order, error) {
		found, err := pgx.RowToStructByName[orderRow](row)
		return found.order(), err
	})
}

// Versions implements events.Store.
func (s *Store) Versions(ctx context.Context, ids []string) (map[string]int64, error) {
	return s.versions(ctx, `SELECT id, version FROM orders WHERE id = ANY ($1)`, ids)
}

// versions returns what a query tells of orders, by their ids.
func (s *Store) versions(ctx context.Context, query string, ids []string) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, query, ids)
	if err != nil {
		return nil, fmt.Errorf("get versions: %w", err)
	}
	versions := make(map[string]int64, len(ids))
	var id string
	var version int64
	_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error {
		versions[id] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("get versions: %w", err)
	}
	return versions, nil
}
