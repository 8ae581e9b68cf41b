package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// Orders are placed under a shared lock on their customer, and customers are erased under an exclusive one. So an order is either
// there when its customer is erased, or it finds the customer erased.
const (
	lockToPlace = `SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`
	lockToErase = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`
)

const selectErased = `SELECT EXISTS (SELECT FROM erased_customers WHERE customer_id = $1)`

// queueCustomer refuses the order of a customer who was erased. Any other customer cannot be erased until the order is there.
func queueCustomer(batch *pgx.Batch, customerID string) {
	batch.Queue(lockToPlace, customerID)
	queueRefusal(batch, order.ErrCustomerErased, selectErased, customerID)
}

// queueRefusal fails with the error refusal if a query for a boolean returns true.
func queueRefusal(batch *pgx.Batch, refusal error, sql string, args ...any) {
	batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error {
		var yes bool
		if err := row.Scan(&yes); err != nil {
			return err
		}
		if yes {
			return refusal
		}
		return nil
	})
}

// lockOrders makes the erasure wait for changes that are being saved. A change that is saved later conflicts with the erasure.
const lockOrders = `SELECT FROM orders WHERE customer_id = $1 ORDER BY id FOR UPDATE`

const selectOpen = `
SELECT EXISTS (
    SELECT FROM orders
    WHERE customer_id = $1 AND (
        status NOT IN ('delivered', 'rejected', 'cancelled') OR due_at IS NOT NULL
        OR EXISTS (SELECT FROM returns WHERE order_id = orders.id AND status = 'received')
        OR EXISTS (SELECT FROM refunds WHERE order_id = orders.id AND status = 'pending')))`

// erasures keep what the shop's books need: numbers, lines, money, and the country, for the tax. They keep the keys of refunds, because
// without them a refund could be given twice. Such a key has nothing of the customer but a digest of the refund's reason.
var erasures = []string{
	`INSERT INTO erased_customers (customer_id) VALUES ($1) ON CONFLICT DO NOTHING`,
	`UPDATE orders
	SET shipping_address = jsonb_build_object('country', shipping_address->'country'), payment_method = '', guest_email = '',
	    version = version + 1, changed_at = now()
	WHERE customer_id = $1`,
	`UPDATE returns SET reason = '', refusal_reason = '' FROM orders WHERE orders.id = order_id AND customer_id = $1`,
	`UPDATE refunds SET reason = '' FROM orders WHERE orders.id = order_id AND customer_id = $1`,
	`UPDATE timeline_entries SET detail = '' FROM orders
	WHERE orders.id = order_id AND customer_id = $1 AND event = 'cancellation_requested'`,
	`DELETE FROM mails USING orders WHERE orders.id = order_id AND customer_id = $1`,
	`DELETE FROM idempotent_requests WHERE caller = $1`,
	// The answers to staff about the orders.
	`DELETE FROM idempotent_requests WHERE subject IN (
		SELECT id FROM orders WHERE customer_id = $1
		UNION ALL SELECT returns.id FROM returns JOIN orders ON orders.id = order_id WHERE customer_id = $1)`,
}

// EraseCustomer implements orders.Store.
func (s *Store) EraseCustomer(ctx context.Context, customerID string) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		check := &pgx.Batch{}
		check.Queue(lockToErase, customerID)
		check.Queue(lockOrders, customerID)
		queueRefusal(check, orders.ErrOrdersOpen, selectOpen, customerID)
		if err := tx.SendBatch(ctx, check).Close(); err != nil {
			return err
		}
		erase := &pgx.Batch{}
		for _, sql := range erasures {
			erase.Queue(sql, customerID)
		}
		return tx.SendBatch(ctx, erase).Close()
	})
	if err != nil {
		return fmt.Errorf("erase customer: %w", err)
	}
	return nil
}
