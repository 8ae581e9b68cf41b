package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/payments/internal/payments"
)

const (
	refundColumns = `refunds.id, payment_id, refunds.reference, refunds.provider_id, refunds.status, refunds.amount, refunds.currency,
		reason, refunds.asked, refunds.created_at`
	selectRefund = `SELECT ` + refundColumns + ` FROM refunds`
)

func scanRefund(row pgx.CollectableRow) (payments.Refund, error) {
	var r payments.Refund
	err := row.Scan(&r.ID, &r.PaymentID, &r.Reference, &r.ProviderID, &r.Status, &r.Amount.Amount, &r.Amount.Currency, &r.Reason, &r.Asked, &r.CreatedAt)
	return r, err
}

// BeginRefund implements payments.Store. It locks the payment, so that its refunds are stored one after another. So together they never
// exceed the captured money.
func (s *Store) BeginRefund(ctx context.Context, orderID string, wanted payments.Refund, askAt time.Time) (p payments.Payment, r payments.Refund, added bool, err error) {
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
		return addRefund(ctx, tx, p, &r, askAt)
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
func addRefund(ctx context.Context, tx pgx.Tx, p payments.Payment, r *payments.Refund, askAt time.Time) error {
	var committed int64
	err := tx.QueryRow(ctx, `SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = $1 AND status <> $2`,
		p.ID, payments.RefundFailed).Scan(&committed)
	if err != nil {
		return err
	}
	if err := p.CheckRefund(r.Amount, committed); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE payments SET ask_at = $2 WHERE id = $1`, p.ID, timestamp(askAt)); err != nil {
		return err
	}
	return tx.QueryRow(ctx, `INSERT INTO refunds (id, payment_id, reference, status, amount, currency, asked) VALUES ($1, $2, $3, $4, $5, $6, $7)
		RETURNING created_at`, r.ID, r.PaymentID, r.Reference, r.Status, r.Amount.Amount, r.Amount.Currency, payments.AskedBy(ctx, "")).Scan(&r.CreatedAt)
}

// moveRefund changes a refund's status, updates the refunded amount of its payment, and writes the movement to the ledger, in one
// statement. Like movePayment, it changes nothing if another call has already changed the status. The trigger note_change puts the
// change into the feed.
var moveRefund = `
	WITH moved AS (
		UPDATE refunds SET status = @to, provider_id = @provider_id, reason = @reason, asked = NULL, updated_at = now()
		WHERE id = @refund AND status = @from RETURNING payment_id, id AS refund_id
	), ` + posted + `, audited AS (` + pgaudit.When("moved", "@entry") + `)
	UPDATE payments SET refunded = refunded + @refunded, ask_at = @ask_at, updated_at = now() FROM moved WHERE id = payment_id
	RETURNING refunded, version, updated_at`

// MoveRefund implements payments.Store.
func (s *Store) MoveRefund(ctx context.Context, p payments.Payment, r, answer payments.Refund, movement payments.Movement, askAt time.Time) (payments.Payment, error) {
	if !r.Status.CanBecome(answer.Status) {
		return p, fmt.Errorf("refund %s cannot go from %s to %s", r.ID, r.Status, answer.Status)
	}
	args, err := entriesOf(movement)
	if err != nil {
		return p, err
	}
	args["refund"], args["from"], args["to"], args["reason"] = r.ID, r.Status, answer.Status, answer.Reason
	args["provider_id"], args["refunded"], args["ask_at"] = answer.ProviderID, movement.On(payments.Refunds), timestamp(askAt)
	if args["entry"], err = pgaudit.Parameter(ctx, refundMovedTo(p, r, answer.Status)); err != nil {
		return p, err
	}
	moved := p
	err = s.pool.QueryRow(ctx, moveRefund, args).Scan(&moved.Refunded.Amount, &moved.Version, &moved.ChangedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, payments.ErrChanged
	}
	if err != nil {
		return p, fmt.Errorf("move refund to %s: %w", answer.Status, err)
	}
	return moved, nil
}

// refundMovedTo returns the audit log's entry for a change of a refund.
func refundMovedTo(p payments.Payment, r payments.Refund, to payments.RefundStatus) audit.Entry {
	action := audit.RefundSucceeded
	if to == payments.RefundFailed {
		action = audit.RefundFailed
	}
	return audit.Entry{
		Action: action, Kind: audit.Order, Subject: p.OrderID,
		Detail: map[string]string{"payment": p.ID, "refund": r.ID, "amount": r.Amount.String()},
	}
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
