package audit

import (
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
)

const (
	pending   = ordersv1.Status_STATUS_PENDING
	confirmed = ordersv1.Status_STATUS_CONFIRMED
	fulfilled = ordersv1.Status_STATUS_FULFILLED
	delivered = ordersv1.Status_STATUS_DELIVERED
	rejected  = ordersv1.Status_STATUS_REJECTED
	cancelled = ordersv1.Status_STATUS_CANCELLED
)

// What each order of newWorld costs, and what its mug does.
const (
	price = 1500
	mug   = 600
)

// newWorld returns the books of a shop in which everything agrees: two orders of each status, of which the pending
// ones are in progress, and of the delivered ones the second has had a mug returned and a refund besides.
func newWorld() *world {
	w := &world{stocks: []*inventoryv1.Stock{
		stock("HAT", 100, 8, 2), stock("MUG", 100, 15, 4), stock("NEW", 0, 0, 0), stock("OWL", 5, 0, 0),
	}}
	for n := 1; n <= 2; n++ {
		w.sales = append(w.sales, placed(n), bought(confirmed, n), bought(fulfilled, n), bought(delivered, n), refused(n), called(n))
	}
	returned(w.find(id(delivered, 2)))
	return w
}

func stock(sku string, owned, sold, held int64) *inventoryv1.Stock {
	return &inventoryv1.Stock{
		Level: &inventoryv1.Level{Sku: sku, OnHand: owned - sold, Reserved: held, Available: owned - sold - held},
		Owned: owned, Sold: sold, Held: held, Committed: sold,
	}
}

func (w *world) find(id string) *sale {
	for _, s := range w.sales {
		if s.id == id {
			return s
		}
	}
	return nil
}

// newSale is an order of two mugs and a hat that nothing has come of.
func newSale(status ordersv1.Status, n int) *sale {
	id := id(status, n)
	return &sale{
		id: id,
		order: &ordersv1.Order{
			Id: id, Status: status, ChangedAt: ago(time.Hour), PurchaseIds: []string{"purchase of " + id},
			Lines:   []*ordersv1.Line{{Sku: "MUG", Quantity: 2, LineTotal: pounds(2 * mug)}, {Sku: "HAT", Quantity: 1, LineTotal: pounds(300)}},
			Totals:  &ordersv1.Totals{Total: pounds(price)},
			Payment: &ordersv1.Payment{Status: "voided", Captured: pounds(0), Refunded: pounds(0)},
		},
		reservation: &inventoryv1.Reservation{
			OrderId: id, Status: inventoryv1.Reservation_STATUS_RELEASED, ExpiresAt: ago(50 * time.Minute),
			Lines: []*inventoryv1.Line{{Sku: "HAT", Quantity: 1}, {Sku: "MUG", Quantity: 2}},
		},
	}
}

// placed is an order whose stock is held and whose payment has just been asked for.
func placed(n int) *sale {
	s := newSale(pending, n)
	s.order.InProgress, s.order.ChangedAt = true, ago(time.Second)
	s.reservation.Status, s.reservation.ExpiresAt = inventoryv1.Reservation_STATUS_HELD, ago(-time.Hour)
	s.books = []*paymentsv1.Books{ledger(s.id, 0, 0, 0)}
	s.books[0].Provider.Open = pounds(price)
	return s
}

// bought is an order that went through, up to a status.
func bought(status ordersv1.Status, n int) *sale {
	s := newSale(status, n)
	s.reservation.Status = inventoryv1.Reservation_STATUS_COMMITTED
	if status == confirmed {
		s.order.Payment.Status = "authorized"
		s.books = []*paymentsv1.Books{ledger(s.id, price, 0, 0)}
		return s
	}
	s.order.Payment.Status, s.order.Payment.Captured = "captured", pounds(price)
	s.books = []*paymentsv1.Books{ledger(s.id, 0, price, 0)}
	s.shipments = 1
	return s
}

// refused is a rejected order: nothing is left of it but what bars latecomers.
func refused(n int) *sale {
	s := newSale(rejected, n)
	s.reservation.Lines = nil
	nothing := &moneyv1.Money{Currency: "XXX"}
	s.books = []*paymentsv1.Books{{
		Payment: &paymentsv1.Payment{
			Id: "payment-" + s.id, OrderId: s.id, Status: paymentsv1.Status_STATUS_VOIDED, Captured: nothing, Refunded: nothing,
		},
		Authorized: nothing, Captured: nothing, Voided: nothing, Open: nothing, Refunded: nothing,
	}}
	return s
}

// called is an order that was called off.
func called(n int) *sale {
	s := newSale(cancelled, n)
	s.books = []*paymentsv1.Books{ledger(s.id, 0, 0, price)}
	return s
}

// returned has a mug come back, another be asked back, and a pound given back besides.
func returned(s *sale) {
	mugs := []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 1}}
	s.order.Returns = []*ordersv1.Return{
		{Status: ordersv1.Return_STATUS_REFUSED, Lines: mugs}, {Status: ordersv1.Return_STATUS_WITHDRAWN, Lines: mugs},
		{Status: ordersv1.Return_STATUS_REFUNDED, Lines: mugs},
		{Status: ordersv1.Return_STATUS_REQUESTED, Lines: []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 1}}},
	}
	s.reservation.Returned = []*inventoryv1.Line{{Sku: "MUG", Quantity: 1}}
	s.order.Refunds = []*ordersv1.Refund{
		{Amount: pounds(mug), Status: ordersv1.Refund_STATUS_SUCCEEDED, Lines: mugs}, {Amount: pounds(100), Status: ordersv1.Refund_STATUS_SUCCEEDED},
	}
	s.order.Payment.Refunded = pounds(mug + 100)
	b := s.books[0]
	b.Refunded, b.Payment.Refunded, b.Provider.Refunded = pounds(mug+100), pounds(mug+100), pounds(mug+100)
}

// ledger is the books of a payment, the provider's the same.
func ledger(orderID string, open, captured, voided int64) *paymentsv1.Books {
	status := paymentsv1.Status_STATUS_VOIDED
	switch {
	case open > 0:
		status = paymentsv1.Status_STATUS_AUTHORIZED
	case captured > 0:
		status = paymentsv1.Status_STATUS_CAPTURED
	}
	return &paymentsv1.Books{
		Payment: &paymentsv1.Payment{
			Id: "payment-" + orderID, OrderId: orderID, Status: status, Captured: pounds(captured), Refunded: pounds(0),
		},
		Authorized: pounds(open + captured + voided), Open: pounds(open), Captured: pounds(captured), Voided: pounds(voided),
		Refunded: pounds(0),
		Provider: &paymentsv1.ProviderBooks{Open: pounds(open), Captured: pounds(captured), Refunded: pounds(0)},
	}
}
