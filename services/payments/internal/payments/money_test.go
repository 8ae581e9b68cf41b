package payments_test

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/google/uuid"

	"souk/platform/money"
	"souk/testkit/rapid"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/simulator"
)

// model is the expected state of a payment.
type model struct {
	order                                  string
	amount                                 money.Money
	status                                 payments.Status
	authorized, captured, voided, refunded int64
	ids                                    []string // of the refunds
}

// shop is a service with the models of its payments.
type shop struct {
	ctx      context.Context
	service  *payments.Service
	payments []*model
	touched  *model // changed by the last step
}

// Each step runs real transactions, so the default is few checks; -rapid.checks=1000 runs more.
func init() { _ = flag.Set("rapid.checks", "40") }

func TestMoneyAddsUpAfterRandomOperations(t *testing.T) {
	t.Parallel()
	service, _, _ := setup(t)
	rapid.Check(t, func(rt *rapid.T) {
		s := &shop{ctx: t.Context(), service: service}
		rt.Repeat(map[string]func(*rapid.T){
			"authorize": s.authorize, "capture": s.capture, "void": s.void, "refund": s.refund, "": s.check,
		})
	})
}

func (s *shop) authorize(t *rapid.T) {
	currency := rapid.SampledFrom([]string{"GBP", "JPY", "KWD"}).Draw(t, "currency")
	method := rapid.SampledFrom([]string{simulator.Visa, simulator.Visa, simulator.Timeout, simulator.CardDeclined}).Draw(t, "method")
	m := &model{order: uuid.NewString(), amount: money.New(rapid.Int64Range(1, 1_000_000).Draw(t, "amount"), currency)}
	p, err := s.service.Authorize(s.ctx, m.order, m.amount, method)
	if errors.Is(err, payments.ErrOutcomeUnknown) {
		p, err = s.service.Authorize(s.ctx, m.order, m.amount, method)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.status = p.Status
	if p.Status == payments.Authorized {
		m.authorized = m.amount.Amount
	}
	s.payments, s.touched = append(s.payments, m), m
}

// pick chooses one of the payments.
func (s *shop) pick(t *rapid.T) *model {
	if len(s.payments) == 0 {
		t.Skip("no payment yet")
	}
	s.touched = rapid.SampledFrom(s.payments).Draw(t, "payment")
	return s.touched
}

func (s *shop) capture(t *rapid.T) {
	m := s.pick(t)
	_, err := s.service.Capture(s.ctx, m.order)
	possible := m.status == payments.Authorized || m.status == payments.Captured
	if possible != (err == nil) {
		t.Fatalf("capture of what is %s: %v", m.status, err)
	}
	if possible {
		m.status, m.captured = payments.Captured, m.authorized
	}
}

func (s *shop) void(t *rapid.T) {
	m := s.pick(t)
	err := s.service.Void(s.ctx, m.order)
	if (m.status == payments.Captured) != (err != nil) {
		t.Fatalf("void of what is %s: %v", m.status, err)
	}
	if m.status == payments.Authorized {
		m.status, m.voided = payments.Voided, m.authorized
	}
}

// refund requests a new refund of any size, or repeats an earlier one.
func (s *shop) refund(t *rapid.T) {
	m := s.pick(t)
	amount := money.New(rapid.Int64Range(1, m.amount.Amount).Draw(t, "refund"), m.amount.Currency)
	if len(m.ids) > 0 && rapid.Bool().Draw(t, "again") {
		_, err := s.service.Refund(s.ctx, m.order, rapid.SampledFrom(m.ids).Draw(t, "id"), amount)
		if err != nil && !errors.Is(err, payments.ErrRefundMismatch) {
			t.Fatal(err)
		}
		return
	}
	id := uuid.NewString()
	_, err := s.service.Refund(s.ctx, m.order, id, amount)
	if errors.Is(err, payments.ErrOutcomeUnknown) {
		_, err = s.service.Refund(s.ctx, m.order, id, amount)
	}
	possible := m.status == payments.Captured && amount.Amount <= m.captured-m.refunded
	if possible != (err == nil) {
		t.Fatalf("refund of %v when %d of %d are refunded: %v", amount, m.refunded, m.captured, err)
	}
	if possible {
		m.refunded += amount.Amount
		m.ids = append(m.ids, id)
	}
}

// check compares the ledger and the simulator's data with the model.
func (s *shop) check(t *rapid.T) {
	m := s.touched
	if m == nil {
		return
	}
	books, _, err := s.service.Books(s.ctx, payments.BooksQuery{OrderIDs: []string{m.order}, WithProvider: true})
	if err != nil || len(books) != 1 {
		t.Fatalf("%d books, %v; want 1", len(books), err)
	}
	b := books[0]
	of := func(amount int64) money.Money { return money.New(amount, m.amount.Currency) }
	open := m.authorized - m.captured - m.voided
	switch {
	case b.UnbalancedMovements != 0:
		t.Fatalf("%d movements do not balance", b.UnbalancedMovements)
	case b.Payment.Status != m.status, b.Authorized != of(m.authorized), b.Captured != of(m.captured), b.Voided != of(m.voided),
		b.Open != of(open), b.Refunded != of(m.refunded), b.Payment.Refunded != b.Refunded:
		t.Fatalf("books %+v, want %+v", b, m)
	case *b.Provider != payments.ProviderBooks{Open: b.Open, Captured: b.Captured, Refunded: b.Refunded}:
		t.Fatalf("the simulator holds %+v, our books say %+v", b.Provider, b)
	case b.Refunded.Amount > b.Captured.Amount, b.Captured.Amount > b.Authorized.Amount:
		t.Fatalf("more refunded than captured, or captured than authorized: %+v", b)
	}
}
