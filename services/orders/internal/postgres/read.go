package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/services/orders/internal/orders"
)

// A page ends early rather than carry more lines than this: 2,000 are in one large order, and a gRPC
// message takes 4 MiB.
const maxPageLines = 6000

// Get implements orders.Store.
func (s *Store) Get(ctx context.Context, id string) (orders.Record, error) {
	rows, err := s.read(ctx, "WHERE id = $1", id)
	if err != nil {
		return orders.Record{}, fmt.Errorf("get order: %w", err)
	}
	if len(rows) == 0 {
		return orders.Record{}, orders.ErrNotFound
	}
	found, err := s.complete(ctx, rows)
	if err != nil {
		return orders.Record{}, fmt.Errorf("get order: %w", err)
	}
	return found[0], nil
}

// List implements orders.Store.
func (s *Store) List(ctx context.Context, filter orders.Filter) ([]orders.Order, bool, error) {
	where, args := condition(filter)
	args = append(args, filter.Limit+1)
	rows, err := s.read(ctx, fmt.Sprintf("%s ORDER BY created_at DESC, id DESC LIMIT $%d", where, len(args)), args...)
	if err != nil {
		return nil, false, fmt.Errorf("list orders: %w", err)
	}
	fit := min(len(rows), filter.Limit)
	lines := 0
	for i, row := range rows[:fit] {
		if lines += row.LineCount; lines > maxPageLines && i > 0 {
			fit = i
			break
		}
	}
	found, err := s.complete(ctx, rows[:fit])
	if err != nil {
		return nil, false, fmt.Errorf("list orders: %w", err)
	}
	page := make([]orders.Order, len(found))
	for i, r := range found {
		page[i] = r.Order
	}
	return page, fit < len(rows), nil
}

// condition writes a filter as a WHERE clause with its arguments.
func condition(filter orders.Filter) (string, []any) {
	var terms []string
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return fmt.Sprintf("$%d", len(args))
	}
	if filter.CustomerID != "" {
		terms = append(terms, "customer_id = "+arg(filter.CustomerID))
	}
	if filter.Status != "" {
		terms = append(terms, "status = "+arg(string(filter.Status)))
	}
	if filter.Before != nil {
		terms = append(terms, fmt.Sprintf("(created_at, id) < (%s, %s)", arg(filter.Before.CreatedAt), arg(filter.Before.ID)))
	}
	if len(terms) == 0 {
		return "", nil
	}
	return "WHERE " + strings.Join(terms, " AND "), args
}

const selectOrders = `
SELECT id, number, customer_id, status, intent, version, created_at,
    currency, subtotal, shipping_price, tax, total, line_count,
    shipping_address, shipping_option, shipping_carrier, shipping_service, weight_grams,
    shipment_id, shipment_carrier, tracking_number,
    payment_method, payment_status, authorized, captured, refunded,
    cart_id, cart_checked_out, hold_until, refusal, coalesce(job_id, 0) AS job_id
FROM orders `

func (s *Store) read(ctx context.Context, rest string, args ...any) ([]orderRow, error) {
	rows, err := s.pool.Query(ctx, selectOrders+rest, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[orderRow])
}

const selectLines = `
SELECT order_id, sku, title, quantity, unit_price, line_total
FROM order_lines WHERE order_id = ANY ($1) ORDER BY order_id, position`

const selectEntries = `
SELECT order_id, at, event, detail
FROM timeline_entries WHERE order_id = ANY ($1) ORDER BY order_id, position`

// complete adds the lines and timelines to orders.
func (s *Store) complete(ctx context.Context, rows []orderRow) ([]orders.Record, error) {
	records := make([]orders.Record, len(rows))
	ids := make([]string, len(rows))
	byID := make(map[string]*orders.Record, len(rows))
	for i, row := range rows {
		records[i], ids[i] = row.record(), row.ID
		byID[row.ID] = &records[i]
	}
	batch := &pgx.Batch{}
	batch.Queue(selectLines, ids).Query(func(rows pgx.Rows) error {
		lines, err := pgx.CollectRows(rows, pgx.RowToStructByName[lineRow])
		for _, line := range lines {
			r := byID[line.OrderID]
			r.Lines = append(r.Lines, line.line(r.Totals.Total.Currency))
		}
		return err
	})
	batch.Queue(selectEntries, ids).Query(func(rows pgx.Rows) error {
		entries, err := pgx.CollectRows(rows, pgx.RowToStructByName[entryRow])
		for _, entry := range entries {
			r := byID[entry.OrderID]
			r.Timeline = append(r.Timeline, entry.entry())
		}
		return err
	})
	return records, s.pool.SendBatch(ctx, batch).Close()
}

const selectKey = `
SELECT fingerprint, order_id, request_id, answer FROM idempotency_keys WHERE customer_id = $1 AND key = $2`

// Key implements orders.Store.
func (s *Store) Key(ctx context.Context, customerID, key string) (orders.UsedKey, error) {
	used := orders.UsedKey{Key: orders.Key{CustomerID: customerID, Key: key}}
	var answer []byte
	err := s.pool.QueryRow(ctx, selectKey, customerID, key).Scan(&used.Fingerprint, &used.OrderID, &used.RequestID, &answer)
	if errors.Is(err, pgx.ErrNoRows) {
		return orders.UsedKey{}, orders.ErrKeyUnknown
	}
	if err != nil {
		return orders.UsedKey{}, fmt.Errorf("get idempotency key: %w", err)
	}
	used.Answer, err = decodeAnswer(answer)
	return used, err
}
