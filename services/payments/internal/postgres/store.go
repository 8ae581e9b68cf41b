// Package postgres keeps payments, their refunds and their ledger in PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"

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

// Begin implements payments.Store. Two that begin at once may collide on the order or on its reference, whichever index
// PostgreSQL writes first.
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

// into returns where paymentColumns are scanned to. Refunded has its currency only once they are.
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

// Move implements payments.Store.
func (s *Store) Move(ctx context.Context, p payments.Payment, to payments.Status, declineReason string, movement payments.Movement) (payments.Payment, error) {
	if !p.Status.CanBecome(to) {
		return p, fmt.Errorf("payment %s cannot go from %s to %s", p.ID, p.Status, to)
	}
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE payments SET status = $3, decline_reason = $4, provider_id = $5, updated_at = now()
			WHERE id = $1 AND status = $2`, p.ID, p.Status, to, declineReason, p.ProviderID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return payments.ErrChanged
		}
		return post(ctx, tx, p.ID, string(to), nil, movement)
	})
	if errors.Is(err, payments.ErrChanged) {
		return p, err
	}
	if err != nil {
		return p, fmt.Errorf("move payment to %s: %w", to, err)
	}
	p.Status, p.DeclineReason = to, declineReason
	return p, nil
}

// post writes a movement to the ledger. It is named by what it makes of the payment or, with refundID, of the refund.
func post(ctx context.Context, tx pgx.Tx, paymentID, name string, refundID *string, movement payments.Movement) error {
	if err := movement.Check(); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, e := range movement {
		batch.Queue(`INSERT INTO ledger_entries (payment_id, movement, refund_id, account, amount, currency)
			VALUES ($1, $2, $3, $4, $5, $6)`, paymentID, name, refundID, e.Account, e.Amount.Amount, e.Amount.Currency)
	}
	return tx.SendBatch(ctx, batch).Close()
}
