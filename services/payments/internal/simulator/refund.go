package simulator

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/money"
	"souk/platform/pgdb"

	"souk/services/payments/internal/payments"
)

// returnReason is why a bank returns money.
const returnReason = "lost_or_stolen_card"

// Refund implements payments.Provider.
func (s *Simulator) Refund(ctx context.Context, p payments.Payment, r payments.Refund) (payments.Refund, error) {
	if p.Method == Flaky {
		if first, err := s.firstTry(ctx, r.Reference); err != nil || first {
			return payments.Refund{}, errors.Join(errFlaky, err)
		}
	}
	err := s.catchUp(ctx, p)
	if err == nil && p.Method == RefundFails {
		r.AskAt, err = s.plan(ctx, r.Reference, returnedByBank)
	}
	if err != nil {
		return payments.Refund{}, err
	}
	err = pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		r.Status, err = bookRefund(ctx, tx, p, r)
		return err
	})
	if err != nil {
		return payments.Refund{}, fmt.Errorf("simulator: %w", err)
	}
	if p.Method == Timeout {
		return payments.Refund{}, payments.ErrOutcomeUnknown
	}
	return r, nil
}

// bookRefund stores a refund, once for each reference, unless it exceeds the remaining captured money. It returns the refund's
// status.
func bookRefund(ctx context.Context, tx pgx.Tx, p payments.Payment, r payments.Refund) (payments.RefundStatus, error) {
	var taken, given int64
	err := tx.QueryRow(ctx, `SELECT amount FROM simulator.authorizations WHERE reference = $1 AND status = $2 FOR UPDATE`,
		p.Reference, captured).Scan(&taken)
	if errors.Is(err, pgx.ErrNoRows) {
		return payments.RefundFailed, nil
	}
	if err != nil {
		return "", err
	}
	var known payments.RefundStatus
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(amount) FILTER (WHERE status = $3), 0)::bigint,
		coalesce(max(status) FILTER (WHERE reference = $2), '') FROM simulator.refunds WHERE payment = $1`,
		p.Reference, r.Reference, payments.RefundSucceeded).Scan(&given, &known)
	switch {
	case err != nil, known != "":
		return known, err
	case r.Amount.Amount > taken-given:
		return payments.RefundFailed, nil
	}
	_, err = tx.Exec(ctx, `INSERT INTO simulator.refunds (reference, payment, amount, status) VALUES ($1, $2, $3, $4)`,
		r.Reference, p.Reference, r.Amount.Amount, payments.RefundSucceeded)
	return payments.RefundSucceeded, err
}

// Refunds implements payments.Provider.
func (s *Simulator) Refunds(ctx context.Context, p payments.Payment) ([]payments.Refund, error) {
	if err := s.catchUp(ctx, p); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT reference, amount, status, CASE status WHEN $2 THEN $3 ELSE '' END
		FROM simulator.refunds WHERE payment = $1 AND status <> $4`, p.Reference, payments.RefundFailed, returnReason, planned)
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	refunds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (payments.Refund, error) {
		r := payments.Refund{Amount: money.New(0, p.Amount.Currency)}
		return r, row.Scan(&r.Reference, &r.Amount.Amount, &r.Status, &r.Reason)
	})
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	return refunds, nil
}
