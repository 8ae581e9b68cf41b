package simulation

import (
	"slices"
	"strings"

	"souk/services/orders/internal/order"
)

// mustBeSound checks, whenever something took effect for an order, what must hold at every moment. It is called with
// mu held.
func (s *shop) mustBeSound(orderID string) {
	if err := s.inventory.check(); err != nil {
		s.broken("stock: %v", err)
	}
	s.checkBooks(orderID)
}

// checkBooks checks the books of an order's payment against each other.
func (s *shop) checkBooks(orderID string) {
	book := s.payments.books[orderID]
	if book == nil {
		return
	}
	if book.open() < 0 || book.refunded() > book.captured {
		s.broken("%s: books %+v", orderID, *book)
	}
	if c := s.payments.bank[orderID]; c != nil && (c.holds > 1 || c.amount != book.amount || c.refunded() > c.amount) {
		s.broken("%s: the bank has %+v", orderID, *c)
	}
}

// mustBeSellable checks, when a parcel leaves, that it is bought and paid for.
func (s *shop) mustBeSellable(orderID string) {
	r, book := s.inventory.reservations[orderID], s.payments.books[orderID]
	if r == nil || r.status != committed || book == nil || book.status != captured {
		s.broken("%s: shipped, with %+v and %+v", orderID, r, book)
	}
}

// quiet reports whether nothing is being done any more.
func (s *shop) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underway.Load() > 0 {
		return false
	}
	for _, id := range s.store.ids {
		if r := s.store.rows[id]; r.read().Task() != order.TaskNone || !r.due.IsZero() {
			return false
		}
	}
	return true
}

// audit checks everything that must hold once nothing is being done any more.
func (s *shop) audit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkPromises()
	s.mustBeSound("")
	for sku, l := range s.inventory.levels {
		if l.reserved != 0 {
			s.broken("%d of %s are still held", l.reserved, sku)
		}
	}
	for name, k := range s.store.keys {
		if s.store.rows[k.Subject] == nil {
			s.broken("%s: its order is lost", name)
		}
	}
	if len(s.store.pending) > 0 {
		s.broken("moves still wait: %v", s.store.pending)
	}
	for _, id := range s.store.ids {
		s.auditOrder(s.store.rows[id].Snapshot)
	}
}

// auditOrder checks that everyone agrees on an order.
func (s *shop) auditOrder(r order.Snapshot) {
	if order.Restore(r).Task() != order.TaskNone || r.Intent != order.IntentNone {
		s.broken("%s: unfinished: %+v", r.ID, r)
	}
	s.auditGoods(r)
	s.auditMoney(r)
	// What was cancelled before the cart could be emptied stays in it.
	if taken := s.carts.checkedOut[r.ID]; taken != live(r) && r.Status != order.StatusCancelled {
		s.broken("%s: is %s, taken out of the cart %v", r.ID, r.Status, taken)
	}
	if shipped := s.shipping.parcels[r.ID] != nil; shipped != happened(r, order.EventDispatched) {
		s.broken("%s: is %s, shipped %v", r.ID, r.Status, shipped)
	}
	s.auditMoves(r)
	var total int64
	for _, line := range r.Lines {
		total += line.UnitPrice.Amount * line.Quantity
	}
	if r.Totals.Total.Amount != total+r.Totals.Shipping.Amount {
		s.broken("%s: the lines come to %d, the total is %v", r.ID, total, r.Totals)
	}
}

// auditMoves checks that a timeline has each move of the parcel once, and all of them when the order is delivered.
func (s *shop) auditMoves(r order.Snapshot) {
	var got []order.Event
	for _, entry := range r.Timeline {
		if slices.Contains(wholeWay, entry.Event) {
			got = append(got, entry.Event)
		}
	}
	if len(got) > len(wholeWay) || !slices.Equal(got, wholeWay[:len(got)]) || (len(got) == len(wholeWay)) != (r.Status == order.StatusDelivered) {
		s.broken("%s: is %s, and its parcel's moves are %q", r.ID, r.Status, got)
	}
}

// auditGoods checks that an order has what it bought, less what came back, each return once.
func (s *shop) auditGoods(r order.Snapshot) {
	goods := s.inventory.reservations[r.ID]
	if goods == nil {
		goods = &reservation{}
	}
	if live(r) != (goods.status == committed) {
		s.broken("%s: is %s, and its goods are %q", r.ID, r.Status, goods.status)
	}
	back := 0
	for _, t := range r.Returns {
		if t.Status == order.ReturnRequested {
			continue
		}
		back++
		if text(goods.returned[t.ID]) != text(t.Lines) {
			s.broken("%s: return %s of %v restocked %v", r.ID, t.ID, t.Lines, goods.returned[t.ID])
		}
	}
	if back != len(goods.returned) {
		s.broken("%s: %d returns came back, %d were restocked", r.ID, back, len(goods.returned))
	}
}

// auditMoney checks that the order, payments and the bank agree on the money, and that it is what is owed.
func (s *shop) auditMoney(r order.Snapshot) {
	book, charged := s.payments.books[r.ID], s.payments.bank[r.ID]
	if book == nil {
		book = &payment{}
	}
	if charged == nil {
		charged = &charge{}
	}
	s.checkBooks(r.ID)
	type sums struct{ open, captured, refunded int64 }
	theirs := sums{book.open(), book.captured, book.refunded()}
	if bank := (sums{charged.open(), charged.taken(), charged.refunded()}); bank != theirs {
		s.broken("%s: payments has %+v, the bank %+v", r.ID, theirs, bank)
	}
	ours := sums{captured: r.Payment.Captured.Amount, refunded: r.Payment.Refunded.Amount}
	if r.Payment.Status == order.PaymentAuthorized {
		ours.open = r.Payment.Authorized.Amount
	}
	if ours != theirs {
		s.broken("%s: the order has %+v, payments %+v", r.ID, ours, theirs)
	}
	var owed sums
	switch {
	case r.Status == order.StatusConfirmed:
		owed.open = r.Totals.Total.Amount
	case live(r):
		owed.captured = r.Totals.Total.Amount
	}
	for _, f := range r.Refunds {
		if f.Status != order.RefundSucceeded {
			s.broken("%s: refund %+v", r.ID, f)
		}
		owed.refunded += f.Amount.Amount
	}
	if theirs != owed {
		s.broken("%s: is %s, and has paid %+v instead of %+v", r.ID, r.Status, theirs, owed)
	}
	// A decline whose answer was lost until the order was rejected for another reason is a payment that ended, to orders.
	same := string(r.Payment.Status) == book.status || r.Payment.Status == order.PaymentVoided && book.status == declined
	if !same {
		s.broken("%s: the payment is %s, in payments %s", r.ID, r.Payment.Status, book.status)
	}
}

// live reports whether an order stands.
func live(r order.Snapshot) bool {
	return r.Status == order.StatusConfirmed || r.Status == order.StatusFulfilled || r.Status == order.StatusDelivered
}

func happened(r order.Snapshot, event order.Event) bool {
	for _, entry := range r.Timeline {
		if entry.Event == event {
			return true
		}
	}
	return false
}

// open, taken and refunded are what the bank holds, has taken and has given back.
func (c *charge) open() int64 {
	if c.status == authorized {
		return c.amount
	}
	return 0
}

func (c *charge) taken() int64 {
	if c.status == captured {
		return c.amount
	}
	return 0
}

func (c *charge) refunded() int64 {
	var sum int64
	for _, amount := range c.refunds {
		sum += amount
	}
	return sum
}

// contains reports whether a word is one of several.
func contains(words, word string) bool {
	return word != "" && strings.Contains(" "+words+" ", " "+word+" ")
}
