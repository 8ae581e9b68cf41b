package simulation

import (
	"maps"

	"souk/services/orders/internal/order"
)

// ended reports whether a return has ended without its goods.
func ended(t order.Return) bool {
	return t.Status == order.ReturnRefused || t.Status == order.ReturnWithdrawn
}

// without counts the pieces of each SKU in items that are not in the others, or that are there too often.
func without(items []order.Item, others ...[]order.Item) map[string]int64 {
	left := map[string]int64{}
	for _, item := range items {
		left[item.SKU] += item.Quantity
	}
	for _, other := range others {
		for _, item := range other {
			left[item.SKU] -= item.Quantity
		}
	}
	maps.DeleteFunc(left, func(_ string, n int64) bool { return n == 0 })
	return left
}

// came reports whether goods of a return came back.
func came(t order.Return) bool {
	return t.Status == order.ReturnReceived || t.Status == order.ReturnRefunded
}

// auditPieces checks that no more pieces came back than were bought, that no piece was paid back twice, and that each piece that came
// back was paid back while money was left.
func (s *shop) auditPieces(r order.Snapshot) {
	var bought, back, paid []order.Item
	for _, line := range r.Lines {
		bought = append(bought, order.Item{SKU: line.SKU, Quantity: line.Quantity})
	}
	for _, t := range r.Returns {
		if came(t) {
			back = append(back, t.Lines...)
		}
	}
	shipping, failed := 0, false
	left := r.Payment.Captured.Amount
	for _, f := range r.Refunds {
		left -= f.Amount.Amount
		s.auditWorth(r, f, left)
		if f.Status == order.RefundFailed {
			failed = true
			continue
		}
		paid = append(paid, f.Lines...)
		if f.Shipping {
			shipping++
		}
	}
	if shipping > 1 {
		s.broken("%s: the shipping was paid back %d times", r.ID, shipping)
	}
	for sku, n := range without(bought, paid) {
		if n < 0 {
			s.broken("%s: %d pieces of %s too many were paid back", r.ID, -n, sku)
		}
	}
	for sku, n := range without(bought, back) {
		if n < 0 {
			s.broken("%s: %d pieces of %s too many came back", r.ID, -n, sku)
		}
	}
	for sku, n := range without(paid, back) {
		if n < 0 && left > 0 && !failed {
			s.broken("%s: %d pieces of %s came back and were not paid back", r.ID, -n, sku)
		}
	}
}

// auditWorth checks that a refund gives back what its lines were sold for. That of a return may be less when no money is left.
func (s *shop) auditWorth(r order.Snapshot, f order.Refund, left int64) {
	if len(f.Lines) == 0 && !f.Shipping {
		return // goodwill
	}
	var worth int64
	for _, item := range f.Lines {
		for _, line := range r.Lines {
			if line.SKU == item.SKU {
				worth += line.UnitPrice.Amount * item.Quantity
			}
		}
	}
	if f.Shipping {
		worth += r.Totals.Shipping.Amount
	}
	if f.Amount.Amount > worth || f.Amount.Amount < worth && (f.ReturnID == "" || left > 0) {
		s.broken("%s: the refund %+v is for goods worth %d, with %d left", r.ID, f, worth, left)
	}
}

// auditActors checks that the timeline tells who has decided what.
func (s *shop) auditActors(r order.Snapshot) {
	deciders := map[order.Event]string{
		order.EventDispatched: staffID, order.EventReturnReceived: staffID, order.EventReturnRefused: staffID, order.EventRefunded: staffID,
		order.EventRefundFailed: staffID,
		order.EventCancelled:    r.CustomerID, order.EventReturnRequested: r.CustomerID, order.EventReturnWithdrawn: r.CustomerID,
	}
	for _, entry := range r.Timeline {
		if entry.ActorID != deciders[entry.Event] {
			s.broken("%s: %s by %q, want %q", r.ID, entry.Event, entry.ActorID, deciders[entry.Event])
		}
	}
}
