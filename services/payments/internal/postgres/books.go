package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/payments/internal/payments"
)

// auditTime is the time limit for adding up a page of the ledger.
const auditTime = 50 * time.Second

// The sums in the ledger for each payment. They do not use the payment's own columns.
const selectBooks = `SELECT ` + paymentColumns + `, authorized, captured, voided, open, given_back,
	(SELECT count(*) FROM (SELECT FROM ledger_entries WHERE payment_id = payments.id GROUP BY movement, refund_id
		HAVING sum(amount) <> 0 OR count(DISTINCT currency) > 1) unbalanced)
	FROM payments CROSS JOIN LATERAL (SELECT
		coalesce(sum(amount) FILTER (WHERE account = $3 AND amount > 0), 0)::bigint AS authorized,
		coalesce(-sum(amount) FILTER (WHERE account = $4), 0)::bigint AS captured,
		coalesce(-sum(amount) FILTER (WHERE account = $3 AND movement = $5), 0)::bigint AS voided,
		coalesce(sum(amount) FILTER (WHERE account = $3), 0)::bigint AS open,
		coalesce(sum(amount) FILTER (WHERE account = $6), 0)::bigint AS given_back
		FROM ledger_entries WHERE payment_id = payments.id) ledger
	WHERE payments.id > $1`

// Books implements payments.Store.
func (s *Store) Books(ctx context.Context, after string, orderIDs []string, limit int) ([]payments.Books, error) {
	query := selectBooks
	args := []any{after, limit, payments.Holds, payments.Sales, payments.Voided, payments.Refunds}
	if len(orderIDs) > 0 {
		query += ` AND order_id = ANY($7)`
		args = append(args, orderIDs)
	}
	var books []payments.Books
	err := pgdb.InLongTx(ctx, s.pool, auditTime, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, query+` ORDER BY payments.id LIMIT $2`, args...)
		if err != nil {
			return err
		}
		books, err = pgx.CollectRows(rows, scanBooks)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	return books, nil
}

func scanBooks(row pgx.CollectableRow) (payments.Books, error) {
	var b payments.Books
	err := row.Scan(append(into(&b.Payment), &b.Authorized.Amount, &b.Captured.Amount, &b.Voided.Amount, &b.Open.Amount,
		&b.Refunded.Amount, &b.UnbalancedMovements)...)
	currency := b.Payment.Amount.Currency
	b.Payment.Refunded.Currency = currency
	b.Authorized.Currency, b.Captured.Currency, b.Voided.Currency = currency, currency, currency
	b.Open.Currency, b.Refunded.Currency = currency, currency
	return b, err
}
