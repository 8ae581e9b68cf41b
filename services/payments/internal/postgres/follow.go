package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/money"
	"souk/platform/pgdb"

	"souk/services/payments/internal/payments"
)

// DuePayments is the queue of payments that the provider is to be asked about. One that is older than the column ask_at has -infinity there.
// It has been due since its last change.
var DuePayments = pgdb.Queue{Name: "payments", SQL: `SELECT count(*), min(greatest(ask_at, updated_at)) FROM payments
	WHERE ask_at < 'infinity' AND (ask_at > '-infinity' OR status IN ('pending', 'authorized')) AND ask_at <= now()`}

// Replicas that claim at the same time get different payments. The conditions are those of the index payments_due.
const claimDue = `
	UPDATE payments SET ask_at = now() + $2::interval
	WHERE id IN (
		SELECT id FROM payments
		WHERE ask_at < 'infinity' AND (ask_at > '-infinity' OR status IN ('pending', 'authorized')) AND ask_at <= now()
		ORDER BY ask_at
		LIMIT $1
		FOR UPDATE SKIP LOCKED)
	RETURNING ` + paymentColumns

// ClaimDue implements payments.Store.
func (s *Store) ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]payments.Payment, error) {
	rows, err := s.pool.Query(ctx, claimDue, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("claim due payments: %w", err)
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (payments.Payment, error) { return findPayment(row) })
	if err != nil {
		return nil, fmt.Errorf("claim due payments: %w", err)
	}
	return due, nil
}

const (
	setAskAt = `UPDATE payments SET ask_at = $3 WHERE id = $1 AND version = $2`
	// The trigger note_change increments the version.
	setAttention = `UPDATE payments SET ask_at = $3, attention = $4, changed = pg_current_xact_id() WHERE id = $1 AND version = $2`
)

// Note implements payments.Store.
func (s *Store) Note(ctx context.Context, p payments.Payment, attention payments.Attention, askAt time.Time) (err error) {
	if attention == p.Attention {
		_, err = s.pool.Exec(ctx, setAskAt, p.ID, p.Version, timestamp(askAt))
	} else {
		_, err = s.pool.Exec(ctx, setAttention, p.ID, p.Version, timestamp(askAt), attention)
	}
	if err != nil {
		return fmt.Errorf("note payment: %w", err)
	}
	return nil
}

// Details implements payments.Store. One statement reads everything, so that a payment and its refunds are from the same moment.
func (s *Store) Details(ctx context.Context, orderIDs []string) ([]payments.Detail, error) {
	rows, err := s.pool.Query(ctx, selectDetails, orderIDs)
	if err != nil {
		return nil, fmt.Errorf("payments of orders: %w", err)
	}
	var found []payments.Detail
	var p payments.Payment
	var r optionalRefund
	_, err = pgx.ForEachRow(rows, append(into(&p), r.into()...), func() error {
		if len(found) == 0 || found[len(found)-1].ID != p.ID {
			p.Refunded.Currency = p.Amount.Currency
			found = append(found, payments.Detail{Payment: p})
		}
		if last := &found[len(found)-1]; r.id != nil {
			last.Refunds = append(last.Refunds, r.refund(p))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("payments of orders: %w", err)
	}
	return found, nil
}

const selectDetails = `SELECT ` + paymentColumns + `, refunds.id, refunds.status, refunds.amount, refunds.reason
	FROM payments LEFT JOIN refunds ON payment_id = payments.id
	WHERE order_id = ANY($1::uuid[]) ORDER BY payments.id, refunds.id`

// optionalRefund is the part of a row that is NULL for a payment without refunds.
type optionalRefund struct {
	id, status, reason *string
	amount             *int64
}

func (r *optionalRefund) into() []any { return []any{&r.id, &r.status, &r.amount, &r.reason} }

func (r *optionalRefund) refund(p payments.Payment) payments.Refund {
	return payments.Refund{
		ID: *r.id, PaymentID: p.ID, Status: payments.RefundStatus(*r.status), Reason: *r.reason,
		Amount: money.New(*r.amount, p.Amount.Currency),
	}
}
