// Package postgres stores payments, their refunds and the ledger in PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/payments/internal/payments"
)

// Store implements payments.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ payments.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Begin implements payments.Store. Two concurrent calls may collide on the unique index of the order or on that of the
// reference, depending on which PostgreSQL checks first.
func (s *Store) Begin(ctx context.Context, p payments.Payment) (payments.Payment, error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO payments (id, order_id, reference, method, status, amount, currency)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		p.ID, p.OrderID, p.Reference, p.Method, p.Status, p.Amount.Amount, p.Amount.Currency)
	if err != nil {
		return payments.Payment{}, fmt.Errorf("begin payment: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return p, nil
	}
	return s.Find(ctx, p.OrderID)
}

// Find implements payments.Store.
func (s *Store) Find(ctx context.Context, orderID string) (payments.Payment, error) {
	return findPayment(s.pool.QueryRow(ctx, selectPayment+` WHERE order_id = $1`, orderID))
}

// FindReference implements payments.Store.
func (s *Store) FindReference(ctx context.Context, reference string) (payments.Payment, error) {
	return findPayment(s.pool.QueryRow(ctx, selectPayment+` WHERE reference = $1`, reference))
}

const (
	paymentColumns = `id, order_id, reference, provider_id, method, status, amount, currency, refunded, decline_reason`
	selectPayment  = `SELECT ` + paymentColumns + ` FROM payments`
)

// into returns the scan targets for paymentColumns. The currency of Refunded must be set after scanning.
func into(p *payments.Payment) []any {
	return []any{
		&p.ID, &p.OrderID, &p.Reference, &p.ProviderID, &p.Method, &p.Status, &p.Amount.Amount, &p.Amount.Currency,
		&p.Refunded.Amount, &p.DeclineReason,
	}
}

func findPayment(row pgx.Row) (payments.Payment, error) {
	var p payments.Payment
	err := row.Scan(into(&p)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, payments.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("find payment: %w", err)
	}
	p.Refunded.Currency = p.Amount.Currency
	return p, nil
}

// movePayment changes a payment's status and writes the movement to the ledger. It changes nothing if another call has already
// changed the status.
const movePayment = `
	WITH moved AS (
		UPDATE payments SET status = @to, decline_reason = @decline_reason, provider_id = @provider_id, updated_at = now()
		WHERE id = @payment AND status = @from RETURNING id AS payment_id, NULL::uuid AS refund_id
	), ` + posted + `
	SELECT FROM moved`

// posted writes the entries of a movement to the ledger. The movement is named after the new status of the payment or refund in
// the row moved.
const posted = `posted AS (
		INSERT INTO ledger_entries (payment_id, movement, refund_id, account, amount, currency)
		SELECT payment_id, @movement, refund_id, account, amount, currency
		FROM moved, unnest(@accounts::text[], @amounts::bigint[], @currencies::text[]) WITH ORDINALITY AS entry (account, amount, currency, position)
		ORDER BY position
	)`

// Move implements payments.Store.
func (s *Store) Move(ctx context.Context, p payments.Payment, to payments.Status, declineReason string, movement payments.Movement) (payments.Payment, error) {
	if !p.Status.CanBecome(to) {
		return p, fmt.Errorf("payment %s cannot go from %s to %s", p.ID, p.Status, to)
	}
	args, err := entriesOf(movement, string(to))
	if err != nil {
		return p, err
	}
	args["payment"], args["from"], args["to"] = p.ID, p.Status, to
	args["decline_reason"], args["provider_id"] = declineReason, p.ProviderID
	tag, err := s.pool.Exec(ctx, movePayment, args)
	if err != nil {
		return p, fmt.Errorf("move payment to %s: %w", to, err)
	}
	if tag.RowsAffected() == 0 {
		return p, payments.ErrChanged
	}
	p.Status, p.DeclineReason = to, declineReason
	return p, nil
}

// entriesOf returns the arguments of posted.
func entriesOf(movement payments.Movement, name string) (pgx.NamedArgs, error) {
	if err := movement.Check(); err != nil {
		return nil, err
	}
	n := len(movement)
	accounts, amounts, currencies := make([]string, n), make([]int64, n), make([]string, n)
	for i, e := range movement {
		accounts[i], amounts[i], currencies[i] = string(e.Account), e.Amount.Amount, e.Amount.Currency
	}
	return pgx.NamedArgs{"movement": name, "accounts": accounts, "amounts": amounts, "currencies": currencies}, nil
}
