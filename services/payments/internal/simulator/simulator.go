// Package simulator simulates a card network and its banks. It is deterministic: the name of a payment method determines the
// outcome. It stores its own data in a schema that the rest of payments never reads.
package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/payments/internal/payments"
)

// The payment methods. A refund behaves like its payment: for Timeout the answer is lost, for Flaky the first try fails.
const (
	Visa              = "pm_card_visa"               // approved
	CardDeclined      = "pm_card_declined"           // declined
	InsufficientFunds = "pm_card_insufficient_funds" // declined
	Slow              = "pm_card_slow"               // approved after Config.Slow
	Timeout           = "pm_card_timeout"            // approved, but the answer is lost
	Flaky             = "pm_card_flaky"              // fails once, then approved
)

// The payment methods that are approved, and change later (plan.go).
const (
	Expires       = "pm_card_expires"        // the authorization expires after 7 days
	VoidedLater   = "pm_card_voided_later"   // somebody voids it in the network's dashboard after a day
	CapturedLater = "pm_card_captured_later" // somebody captures it there after a day
	RefundedLater = "pm_card_refunded_later" // somebody refunds all of it there, a day after its capture
	RefundFails   = "pm_card_refund_fails"   // each refund succeeds, and the bank returns the money after a day
)

// slowFor is how long Slow takes unless Config says otherwise.
const slowFor = 8 * time.Second

const (
	// The time limit for storing the network's decision.
	bookTimeout = 5 * time.Second
	// The maximum number of concurrent slow authorizations. More are refused.
	mostSlow = 1000
)

var declines = map[string]string{CardDeclined: "card_declined", InsufficientFunds: "insufficient_funds"}

// The network's stored decisions, and the answers to authorizations that follow from them.
const (
	authorized = "authorized"
	captured   = "captured"
	declined   = "declined"
	voided     = "voided"
	expired    = "expired"
)

var answers = map[string]payments.Authorization{
	authorized: {Status: payments.Authorized},
	captured:   {Status: payments.Authorized},
	declined:   {Status: payments.Declined},
	voided:     {Status: payments.Voided, VoidReason: payments.VoidAtProvider},
	expired:    {Status: payments.Voided, VoidReason: payments.VoidExpired},
}

var errFlaky = errors.New("the network had a hiccup")

// Config contains the network's times.
type Config struct {
	// Slow is how long the method Slow takes; 8 seconds if it is 0.
	Slow time.Duration
	// Day is how long the network's day takes; 24 hours if it is 0.
	Day time.Duration
	// Now is the network's clock; time.Now if it is nil.
	Now func() time.Time
}

// Simulator implements payments.Provider.
type Simulator struct {
	pool *pgxpool.Pool
	slow time.Duration
	day  time.Duration
	now  func() time.Time
	// slowly contains one element for each slow authorization that is running.
	slowly chan struct{}
}

var _ payments.Provider = (*Simulator)(nil)

// New returns a simulator with its books in pool.
func New(pool *pgxpool.Pool, cfg Config) *Simulator {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Simulator{
		pool: pool, slow: cmp.Or(cfg.Slow, slowFor), day: cmp.Or(cfg.Day, 24*time.Hour), now: cfg.Now, slowly: make(chan struct{}, mostSlow),
	}
}

// Authorize implements payments.Provider.
func (s *Simulator) Authorize(ctx context.Context, p payments.Payment) (payments.Authorization, error) {
	switch p.Method {
	case Visa, Timeout, CardDeclined, InsufficientFunds, Expires, VoidedLater, CapturedLater, RefundedLater, RefundFails:
	case Slow:
		return s.authorizeSlowly(ctx, p)
	case Flaky:
		if first, err := s.firstTry(ctx, p.Reference); err != nil || first {
			return payments.Authorization{}, errors.Join(errFlaky, err)
		}
	default:
		return payments.Authorization{}, payments.ErrUnknownMethod
	}
	answer, err := s.book(ctx, p)
	if err == nil && p.Method == Timeout {
		return payments.Authorization{}, payments.ErrOutcomeUnknown
	}
	return answer, err
}

// authorizeSlowly approves the payment even if the caller does not wait for it, as a bank would.
func (s *Simulator) authorizeSlowly(ctx context.Context, p payments.Payment) (payments.Authorization, error) {
	if found, err := s.Lookup(ctx, p); !errors.Is(err, payments.ErrNotFound) {
		return found.Authorization, err
	}
	type result struct {
		answer payments.Authorization
		err    error
	}
	select {
	case s.slowly <- struct{}{}:
	default:
		return payments.Authorization{}, errFlaky
	}
	done := make(chan result, 1)
	go func() {
		defer func() { <-s.slowly }()
		time.Sleep(s.slow)
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
		defer cancel()
		answer, err := s.book(detached, p)
		done <- result{answer, err}
	}()
	select {
	case <-ctx.Done():
		return payments.Authorization{}, payments.ErrOutcomeUnknown
	case r := <-done:
		return r.answer, r.err
	}
}

// book stores the network's decision, once for each reference, and returns the stored one. A reference that was voided before
// the decision stays voided.
func (s *Simulator) book(ctx context.Context, p payments.Payment) (payments.Authorization, error) {
	status := authorized
	if declines[p.Method] != "" {
		status = declined
	}
	answer := answers[status]
	answer.Reason = declines[p.Method]
	if plan, ok := plans[p.Method]; ok {
		var err error
		if answer.AskAt, err = s.plan(ctx, p.Reference, plan); err != nil {
			return answer, err
		}
	}
	tag, err := s.pool.Exec(ctx, `INSERT INTO simulator.authorizations (reference, amount, currency, status, reason)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (reference) DO NOTHING`,
		p.Reference, p.Amount.Amount, p.Amount.Currency, status, declines[p.Method])
	if err != nil {
		return payments.Authorization{}, fmt.Errorf("simulator: %w", err)
	}
	if tag.RowsAffected() == 0 {
		found, err := s.Lookup(ctx, p)
		return found.Authorization, err
	}
	return answer, nil
}

// Capture implements payments.Provider.
func (s *Simulator) Capture(ctx context.Context, p payments.Payment) (askAt time.Time, err error) {
	if err := s.catchUp(ctx, p); err != nil {
		return time.Time{}, err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE simulator.authorizations SET status = 'captured'
		WHERE reference = $1 AND amount = $2 AND status IN ('authorized', 'captured')`, p.Reference, p.Amount.Amount)
	if err != nil {
		return time.Time{}, fmt.Errorf("simulator: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return time.Time{}, payments.ErrNotAuthorized
	}
	if err := s.planRefund(ctx, p); err != nil {
		return time.Time{}, err
	}
	return s.nextPlan(ctx, p)
}

// Void implements payments.Provider. For an unknown reference it stores the void, so that an authorization that arrives later
// has no effect.
func (s *Simulator) Void(ctx context.Context, p payments.Payment) error {
	if err := s.catchUp(ctx, p); err != nil {
		return err
	}
	var status string
	err := s.pool.QueryRow(ctx, `INSERT INTO simulator.authorizations AS a (reference, amount, currency, status, reason)
		VALUES ($1, 0, '', 'voided', '')
		ON CONFLICT (reference) DO UPDATE SET status = CASE a.status WHEN 'authorized' THEN 'voided' ELSE a.status END
		RETURNING a.status`, p.Reference).Scan(&status)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	if status == captured {
		return payments.ErrAlreadyCaptured
	}
	return nil
}

// firstTry reports whether a reference is used for the first time, and records that.
func (s *Simulator) firstTry(ctx context.Context, reference string) (bool, error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO simulator.tries (reference) VALUES ($1) ON CONFLICT DO NOTHING`, reference)
	return tag.RowsAffected() == 1, err
}
