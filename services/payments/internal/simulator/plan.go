package simulator

import (
	"context"
	"fmt"
	"time"

	"souk/services/payments/internal/payments"
)

// plan is the status that an authorization or a refund will get without a request from the shop, and after how many days of the network.
type plan struct {
	days    int
	becomes string
}

// plans contains the plans of authorizations, by payment method.
var plans = map[string]plan{
	Expires:       {7, expired},
	VoidedLater:   {1, voided},
	CapturedLater: {1, captured},
}

// planned is the status of a refund that somebody will make in the dashboard. It does not count, and is not shown, until then.
const planned = "planned"

var (
	refundedInDashboard = plan{1, string(payments.RefundSucceeded)}
	returnedByBank      = plan{1, string(payments.RefundFailed)}
)

// later reports whether payments with a method change after they were approved.
func later(method string) bool {
	_, ok := plans[method]
	return ok || method == RefundedLater || method == RefundFails
}

// plan stores the plan of a reference, once, and returns when it takes effect.
func (s *Simulator) plan(ctx context.Context, reference string, p plan) (at time.Time, err error) {
	err = s.pool.QueryRow(ctx, `INSERT INTO simulator.plans (reference, at, becomes) VALUES ($1, $2, $3)
		ON CONFLICT (reference) DO UPDATE SET at = simulator.plans.at RETURNING at`,
		reference, s.now().Add(time.Duration(p.days)*s.day), p.becomes).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("simulator: %w", err)
	}
	return at, nil
}

// planRefund plans a refund of a payment that was just captured, if its method is RefundedLater.
func (s *Simulator) planRefund(ctx context.Context, p payments.Payment) error {
	if p.Method != RefundedLater {
		return nil
	}
	reference := "re_" + p.Reference
	if _, err := s.plan(ctx, reference, refundedInDashboard); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO simulator.refunds (reference, payment, amount, status)
		SELECT $2, reference, amount, $3 FROM simulator.authorizations WHERE reference = $1 ON CONFLICT DO NOTHING`, p.Reference, reference, planned)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// A planned refund has no effect if it no longer fits into the captured money, because the shop has made refunds meanwhile.
const catchUpRefunds = `
	UPDATE simulator.refunds r SET status = p.becomes FROM simulator.plans p
	WHERE r.payment = $1 AND p.reference = r.reference AND p.at <= $2 AND r.status = CASE p.becomes WHEN 'failed' THEN 'succeeded' ELSE 'planned' END
		AND (p.becomes = 'failed' OR r.amount + (SELECT coalesce(sum(amount), 0) FROM simulator.refunds WHERE payment = $1 AND status = 'succeeded')
			<= (SELECT amount FROM simulator.authorizations WHERE reference = $1))`

// catchUp carries out the plans of a payment whose time has come.
func (s *Simulator) catchUp(ctx context.Context, p payments.Payment) error {
	if !later(p.Method) {
		return nil
	}
	_, err := s.pool.Exec(ctx, `UPDATE simulator.authorizations a SET status = p.becomes FROM simulator.plans p
		WHERE a.reference = $1 AND p.reference = a.reference AND p.at <= $2 AND a.status = 'authorized'`, p.Reference, s.now())
	if err == nil {
		_, err = s.pool.Exec(ctx, catchUpRefunds, p.Reference, s.now())
	}
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// nextPlan returns when the next plan of a payment takes effect. Zero means never.
func (s *Simulator) nextPlan(ctx context.Context, p payments.Payment) (time.Time, error) {
	if !later(p.Method) {
		return time.Time{}, nil
	}
	var at *time.Time
	err := s.pool.QueryRow(ctx, `SELECT min(at) FROM simulator.plans WHERE at > $2
		AND (reference = $1 OR reference IN (SELECT reference FROM simulator.refunds WHERE payment = $1))`, p.Reference, s.now()).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("simulator: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return *at, nil
}
