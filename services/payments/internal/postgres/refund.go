package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/money"
	"souk/platform/pgdb"

	"souk/services/payments/internal/payments"
)

const selectRefund = `SELECT id, payment_id, reference, provider_id, status, amount, currency FROM refunds`

func scanRefund(row pgx.CollectableRow) (payments.Refund, error) {
	var r payments.Refund
	err := row.Scan(&r.ID, &r.PaymentID, &r.Reference, &r.ProviderID, &r.Status, &r.Amount.Amount, &r.Amount.Currency)
	return r, err
}

// BeginRefund implements payments.Store. It locks the payment, so that concurrent refunds run one after another and together
// cannot exceed the captured amount.
func (s *Store) BeginRefund(ctx context.Context, orderID string, wanted payments.Refund) (p payments.Payment, r payments.Refund, added bool, err error) {
	err = pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		p, err = findPayment(tx.QueryRow(ctx, selectPayment+` WHERE order_id = $1 FOR UPDATE`, orderID))
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectRefund+` WHERE id = $1 OR reference = $2`, wanted.ID, wanted.Reference)
		if err != nil {
			return err
		}
		r, err = pgx.CollectExactlyOneRow(rows, scanRefund)
		added = errors.Is(err, pgx.ErrNoRows)
		if !added {
			return err
		}
		r = wanted
		r.PaymentID = p.ID
		return addRefund(ctx, tx, p, r)
	})
	if pgdb.IsUnique(err, "refunds_pkey") { // another payment used the ID at the same moment
		err = payments.ErrRefundMismatch
	}
	if err != nil {
		return p, r, false, fmt.Errorf("begin refund: %w", err)
	}
	return p, r, added, nil
}

// addRefund adds a refund to a payment that tx has locked.
func addRefund(ctx context.Context, tx pgx.Tx, p payments.Payment, r payments.Refund) error {
	var committed int64
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = $1 AND status <> $2`,
		p.ID, payments.RefundFailed).Scan(&committed)
	if err != nil {
		return err
	}
	if err := p.CheckRefund(r.Amount, committed); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO refunds (id, payment_id, reference, status, amount, currency) VALUES ($1, $2, $3, $4, $5, $6)`,
		r.ID, r.PaymentID, r.Reference, r.Status, r.Amount.Amount, r.Amount.Currency)
	return err
}

// moveRefund changes a refund's status, adds to the refunded amount of its payment, and writes the movement to the ledger.
const moveRefund = `
	WITH moved AS (
		UPDATE refunds SET status = @to, provider_id = @provider_id, updated_at = now()
		WHERE id = @refund AND status = @from RETURNING payment_id, id AS refund_id
	), ` + posted + `
	UPDATE payments SET refunded = refunded + @refunded, updated_at = now() FROM moved WHERE id = payment_id
	RETURNING refunded`

// MoveRefund implements payments.Store.
func (s *Store) MoveRefund(ctx context.Context, p payments.Payment, r payments.Refund, to payments.RefundStatus, movement payments.Movement) (payments.Payment, error) {
	if !r.Status.CanBecome(to) {
		return p, fmt.Errorf("refund %s cannot go from %s to %s", r.ID, r.Status, to)
	}
	args, err := entriesOf(movement, "refund_"+string(to))
	if err != nil {
		return p, err
	}
	args["refund"], args["from"], args["to"] = r.ID, r.Status, to
	args["provider_id"], args["refunded"] = r.ProviderID, movement.On(payments.Refunds)
	var refunded int64
	err = s.pool.QueryRow(ctx, moveRefund, args).Scan(&refunded)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, payments.ErrChanged
	}
	if err != nil {
		return p, fmt.Errorf("move refund to %s: %w", to, err)
	}
	p.Refunded = money.New(refunded, p.Amount.Currency)
	return p, nil
}

// Refunds implements payments.Store.
func (s *Store) Refunds(ctx context.Context, paymentID string) ([]payments.Refund, error) {
	rows, err := s.pool.Query(ctx, selectRefund+` WHERE payment_id = $1 ORDER BY id`, paymentID)
	if err != nil {
		return nil, fmt.Errorf("refunds: %w", err)
	}
	refunds, err := pgx.CollectRows(rows, scanRefund)
	if err != nil {
		return nil, fmt.Errorf("refunds: %w", err)
	}
	return refunds, nil
}
