package simulation

import (
	"slices"
	"time"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
)

// happening is something that happens to money at the bank without the shop. It reports whether it could happen.
type happening struct {
	name  string
	often float64
	apply func(d dice, c *peerstest.Charge) bool
}

var happenings = []happening{
	{"authorization expires", 0.3, func(_ dice, c *peerstest.Charge) bool { return c.Expire() }},
	{"voided at the bank", 0.1, func(_ dice, c *peerstest.Charge) bool { return c.Void() }},
	{"captured at the bank", 0.2, func(_ dice, c *peerstest.Charge) bool { return c.Capture(c.Amount) }},
	{"captured at the bank in part", 0.1, func(d dice, c *peerstest.Charge) bool { return c.Capture(1 + d.Int64N(c.Amount)) }},
	{"refunded at the bank", 0.15, func(d dice, c *peerstest.Charge) bool { return c.Give(1 + d.Int64N(c.Amount)) }},
	{"refund fails", 0.3, func(_ dice, c *peerstest.Charge) bool { return c.FailRefund() }},
}

// bank has things happen to the money of orders. Payments learns of them a while later.
func (s *shop) bank() {
	bank := s.person("bank")
	for s.faulty() {
		bank.pause(100*time.Millisecond, 5*time.Second)
		d := bank.dice("happens")
		if !d.chance(s.faults.happenings) {
			continue
		}
		if id := s.happen(bank, d); id != "" {
			s.later(d.between(0, one(d, fast, 20*time.Second)), func() { s.paymentsLearns(id) })
		}
	}
}

// happen has something happen to the money of an order, which it returns.
func (s *shop) happen(bank *person, d dice) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.store.ids) == 0 {
		return ""
	}
	if d.chance(0.05) {
		s.Payments.ForgetPositions()
		s.trace.add(bank.name, "payments is restored", "", nil)
	}
	id := one(d, s.store.ids...)
	c := s.Payments.Bank[id]
	wasCaptured := c != nil && c.Status == peerstest.Captured
	for _, happening := range happenings {
		if c != nil && d.chance(happening.often) && happening.apply(d, c) {
			s.trace.add(bank.name, happening.name, id, nil)
			s.happened[happening.name]++
			s.capturedAtBank[id] = s.capturedAtBank[id] || !wasCaptured && c.Status == peerstest.Captured
			s.lost[id] = s.lost[id] || c.Status == peerstest.Voided
			return id
		}
	}
	return ""
}

func (s *shop) paymentsLearns(orderID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Payments.Follow(orderID)
	s.trace.add("payments", "learns", orderID, nil)
	s.mustBeSound(orderID)
}

// letGo reports whether the bank let the money of an order go by itself.
func (s *shop) letGo(orderID string) bool { return s.lost[orderID] }

// knowsItsPayment reports whether an order knows its payment as it is.
func (s *shop) knowsItsPayment(r order.Snapshot) bool {
	book := s.Payments.Books[r.ID]
	return book == nil || r.PaymentVersion == book.Version()
}

// madeGood is the reason of refunds of what failed refunds left to be given back.
const madeGood = "made good"

// auditRefunds checks that returned goods were paid for, as far as there was money, also if a refund has failed. A refund that staff
// asked for may be meant to make a failed one good, so that it is not counted.
func (s *shop) auditRefunds(r order.Snapshot) {
	var due, given int64
	for _, f := range r.Refunds {
		switch f.Status {
		case order.RefundPending:
			s.broken("%s: refund %+v", r.ID, f)
		case order.RefundSucceeded:
			given += f.Amount.Amount
		}
		if f.ReturnID != "" {
			due += f.Amount.Amount
		}
	}
	if given != r.Payment.Refunded.Amount || given < min(due, r.Payment.Captured.Amount) {
		s.broken("%s: refunded %v of %d for returns: %+v", r.ID, r.Payment, due, r.Refunds)
	}
	if o := order.Restore(r); o.Owed().Amount != 0 {
		s.broken("%s: %v is owed", r.ID, o.Owed())
	}
	if unsold := !live(r); unsold && given != r.Payment.Captured.Amount {
		s.broken("%s: is %s and keeps money: %+v", r.ID, r.Status, r.Payment)
	}
}

// mustNeedAPerson checks that an order which only a person can bring to its end says so.
func (s *shop) mustNeedAPerson(r order.Snapshot) {
	o := order.Restore(r)
	partly := r.Status == order.StatusConfirmed && r.Payment.Captured.Amount > 0 && r.Payment.Captured != r.Totals.Total
	listed := slices.Contains(o.LastingAttention(), order.AttentionPaymentDiffers)
	if partly != listed {
		s.broken("%s: captured %v of %v, attention %q", r.ID, r.Payment.Captured, r.Totals.Total, o.LastingAttention())
	}
}
