package simulation

import (
	"slices"
	"strings"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
)

// mustBeSound checks, whenever something took effect for an order, what must hold at every moment. It is called with
// mu held.
func (s *shop) mustBeSound(orderID string) {
	if err := s.Inventory.Check(); err != nil {
		s.broken("stock: %v", err)
	}
	s.checkBooks(orderID)
}

// checkBooks checks the books of an order's payment against each other.
func (s *shop) checkBooks(orderID string) {
	book := s.Payments.Books[orderID]
	if book == nil {
		return
	}
	if book.Open() < 0 || book.Refunded() > book.Captured() {
		s.broken("%s: books %+v", orderID, *book)
	}
	s.checkShippable(orderID)
	if c := s.Payments.Bank[orderID]; c != nil && (c.Holds > 1 || c.Amount != book.Amount || c.Refunded() > c.Amount) {
		s.broken("%s: the bank has %+v", orderID, *c)
	}
}

// checkShippable checks that orders took money for no parcel but one that shipping has booked.
func (s *shop) checkShippable(orderID string) {
	if s.capturedAtBank[orderID] {
		return
	}
	taken := s.Payments.Books[orderID].Captured() > 0
	if c := s.Payments.Bank[orderID]; c != nil {
		taken = taken || c.Captured() > 0
	}
	if taken && s.Shipping.Bookings[orderID] == "" && s.Shipping.Parcels[orderID] == nil {
		s.broken("%s: paid, and its parcel is not booked", orderID)
	}
}

// mustBeSellable checks, when a parcel is handed over, that it is bought and paid for.
func (s *shop) mustBeSellable(orderID string) {
	r, book := s.Inventory.Reservations[orderID], s.Payments.Books[orderID]
	tracked := len(s.store.rows[orderID].read().StockItems()) > 0
	if tracked && (r == nil || r.Status != peerstest.Committed) || book == nil || book.Status != peerstest.Captured {
		s.broken("%s: handed over, with %+v and %+v", orderID, r, book)
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
		if r := s.store.rows[id]; r.read().Task() != order.TaskNone || !r.due.IsZero() || !s.knowsItsPayment(r.Snapshot) {
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
	for sku, l := range s.Inventory.Levels {
		if l.Reserved != 0 {
			s.broken("%d of %s are still held", l.Reserved, sku)
		}
	}
	for name, k := range s.store.keys {
		if s.store.rows[k.Subject] == nil {
			s.broken("%s: its order is lost", name)
		}
	}
	if len(s.store.pending) > 0 || len(s.store.waiting) > 0 {
		s.broken("moves still wait: %v, or payments: %v", s.store.pending, s.store.waiting)
	}
	for _, id := range s.store.ids {
		s.auditOrder(s.store.rows[id].Snapshot)
	}
	s.auditPurchases()
}

// auditPurchases checks that no line of a cart is in two orders that stand, and that no claim outlives its order.
func (s *shop) auditPurchases() {
	bought := map[string]string{}
	for _, id := range s.store.ids {
		r := s.store.rows[id]
		for _, purchase := range r.Purchases {
			if !live(r.Snapshot) {
				continue
			}
			if bought[purchase] != "" {
				s.broken("%s and %s bought the same cart", bought[purchase], id)
			}
			bought[purchase] = id
		}
	}
	for _, by := range s.store.cartClaims {
		if o := s.store.rows[by].read(); o.GivesCartBack() {
			s.broken("%s is %s and keeps its cart", by, o.Status())
		}
	}
}

// auditOrder checks that everyone agrees on an order.
func (s *shop) auditOrder(r order.Snapshot) {
	if order.Restore(r).Task() != order.TaskNone || r.Intent != order.IntentNone {
		s.broken("%s: unfinished: %+v", r.ID, r)
	}
	s.auditGoods(r)
	s.auditMoney(r)
	s.auditPieces(r)
	s.auditActors(r)
	// What was cancelled before the cart could be emptied stays in it. The cart is emptied before the confirmation is saved: when that
	// fails and the bank lets the money go before it is tried again, the order is rejected.
	if taken := s.Carts.CheckedOut[r.ID]; taken != live(r) && r.Status != order.StatusCancelled && !s.letGo(r.ID) {
		s.broken("%s: is %s, taken out of the cart %v", r.ID, r.Status, taken)
	}
	if shipped := s.Shipping.Parcels[r.ID] != nil; shipped != happened(r, order.EventDispatched) {
		s.broken("%s: is %s, shipped %v", r.ID, r.Status, shipped)
	}
	if booking := s.Shipping.Bookings[r.ID]; booking != "" {
		s.broken("%s: is %s, and booking %s is left open", r.ID, r.Status, booking)
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

// auditGoods checks that an order has what it bought of what is tracked, less what came back, each return once.
func (s *shop) auditGoods(r order.Snapshot) {
	goods := s.Inventory.Reservations[r.ID]
	if goods == nil {
		goods = &peerstest.Reservation{}
	}
	sold := live(r) && len(order.Restore(r).StockItems()) > 0
	if sold != (goods.Status == peerstest.Committed) {
		s.broken("%s: is %s, and its goods are %q", r.ID, r.Status, goods.Status)
	}
	back := 0
	for _, t := range r.Returns {
		restocked, again := goods.Returned[t.ID]
		if again {
			back++
		}
		if !came(t) {
			continue
		}
		if missing := without(tracked(r, t.Lines), restocked, tracked(r, t.NotRestocked)); len(missing) > 0 || again == (len(restocked) == 0) {
			s.broken("%s: return %s of %v, less %v, restocked %v", r.ID, t.ID, t.Lines, t.NotRestocked, restocked)
		}
	}
	if back != len(goods.Returned) {
		s.broken("%s: %d returns are here, %d were restocked", r.ID, back, len(goods.Returned))
	}
}

// tracked returns the items of an order whose stock is counted.
func tracked(r order.Snapshot, items []order.Item) []order.Item {
	untracked := func(item order.Item) bool {
		return slices.ContainsFunc(r.Lines, func(l order.Line) bool { return l.SKU == item.SKU && l.Untracked })
	}
	return slices.DeleteFunc(slices.Clone(items), untracked)
}

// auditMoney checks that the order, payments and the bank agree on the money, and that it is what is owed.
func (s *shop) auditMoney(r order.Snapshot) {
	book, charged := s.Payments.Books[r.ID], s.Payments.Bank[r.ID]
	if book == nil {
		book = &peerstest.Payment{}
	}
	if charged == nil {
		charged = &peerstest.Charge{}
	}
	s.checkBooks(r.ID)
	type sums struct{ open, captured, refunded int64 }
	theirs := sums{book.Open(), book.Captured(), book.Refunded()}
	if bank := (sums{charged.Open(), charged.Captured(), charged.Refunded()}); bank != theirs {
		s.broken("%s: payments has %+v, the bank %+v", r.ID, theirs, bank)
	}
	ours := sums{captured: r.Payment.Captured.Amount, refunded: r.Payment.Refunded.Amount}
	if r.Payment.Status == order.PaymentAuthorized {
		ours.open = r.Payment.Authorized.Amount
	}
	if ours != theirs {
		s.broken("%s: the order has %+v, payments %+v", r.ID, ours, theirs)
	}
	if string(r.Payment.Status) != book.Status || !s.knowsItsPayment(r) {
		s.broken("%s: the payment is %s (%d), in payments %s (%d)", r.ID, r.Payment.Status, r.PaymentVersion, book.Status, book.Version())
	}
	if paid := theirs.open + theirs.captured; live(r) && paid != r.Totals.Total.Amount && book.Status == peerstest.Authorized {
		s.broken("%s: is %s, and has paid %d", r.ID, r.Status, paid)
	}
	s.auditRefunds(r)
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

// contains reports whether a word is one of several.
func contains(words, word string) bool {
	return word != "" && strings.Contains(" "+words+" ", " "+word+" ")
}
