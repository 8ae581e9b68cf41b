package simulator

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/money"

	"souk/services/payments/internal/payments"
)

const selectStanding = `
	SELECT status, reason, CASE status WHEN $2 THEN amount ELSE 0 END, CASE status WHEN $3 THEN amount ELSE 0 END,
		(SELECT coalesce(sum(amount), 0)::bigint FROM simulator.refunds WHERE payment = $1 AND status = $4)
	FROM simulator.authorizations WHERE reference = $1`

// Lookup implements payments.Provider.
func (s *Simulator) Lookup(ctx context.Context, p payments.Payment) (payments.Standing, error) {
	if err := s.catchUp(ctx, p); err != nil {
		return payments.Standing{}, err
	}
	var status, reason string
	nothing := money.New(0, p.Amount.Currency)
	books := payments.ProviderBooks{Open: nothing, Captured: nothing, Refunded: nothing}
	err := s.pool.QueryRow(ctx, selectStanding, p.Reference, authorized, captured, payments.RefundSucceeded).
		Scan(&status, &reason, &books.Open.Amount, &books.Captured.Amount, &books.Refunded.Amount)
	if errors.Is(err, pgx.ErrNoRows) {
		return payments.Standing{}, payments.ErrNotFound
	}
	if err != nil {
		return payments.Standing{}, fmt.Errorf("simulator: %w", err)
	}
	answer := answers[status]
	answer.Reason = reason
	answer.AskAt, err = s.nextPlan(ctx, p)
	return payments.Standing{Authorization: answer, ProviderBooks: books}, err
}
