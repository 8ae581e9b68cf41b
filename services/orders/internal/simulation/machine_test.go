package simulation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/testkit/rapid"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
)

// TestOrdersFollowTheirStateMachine gives random commands to the service, without faults, and compares every answer with a model that
// knows only which moves are allowed.
func TestOrdersFollowTheirStateMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newMachine()
			t.Repeat(rapid.StateMachineActions(m))
			m.shop.audit()
			if len(m.shop.failures) > 0 {
				t.Fatalf("%s\n%s", m.shop.trace, m.shop.failures)
			}
		})
	})
}

// machine is the service with its model.
type machine struct {
	shop    *shop
	service *orders.Service
	ctx     context.Context
	model   model
}

func newMachine() *machine {
	stock := map[string]int64{"MUG": 4, "PLATE": 6}
	s := newShop(1, noFaults, orders.Settings{Inline: 5 * time.Second, Hold: time.Minute}, stock)
	return &machine{
		shop: s, service: s.replicas[0].born().Service, ctx: withActor(context.Background(), newActor(1, "machine")),
		model: newModel(stock),
	}
}

var customers = rapid.SampledFrom([]string{"customer-1", "customer-2"})

// pick draws an order that was placed.
func (m *machine) pick(t *rapid.T) *expected {
	if len(m.model.all) == 0 {
		t.Skip("no orders yet")
	}
	return rapid.SampledFrom(m.model.all).Draw(t, "order")
}

// mustBe fails the test unless an error is the one that the model expects.
func mustBe(t *rapid.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

// mustBeInvalid fails the test unless an error is about a field.
func mustBeInvalid(t *rapid.T, got error, name string) {
	t.Helper()
	var invalid *field.Error
	if !errors.As(got, &invalid) || invalid.Violations[0].Field != name {
		t.Fatalf("got error %v, want one about %s", got, name)
	}
}

// Place buys some pieces of a SKU.
func (m *machine) Place(t *rapid.T) {
	customer := customers.Draw(t, "customer")
	item := order.Item{SKU: rapid.SampledFrom(skus).Draw(t, "sku"), Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity")}
	request := checkout.PlaceRequest{
		CustomerID: customer, IdempotencyKey: m.model.newKey(), CartID: "cart of " + customer, AddressID: addressID,
		ShippingOption: shippingOption, PaymentMethod: rapid.SampledFrom([]string{peerstest.MethodVisa, peerstest.MethodDeclined, peerstest.MethodTimeout}).Draw(t, "method"),
	}
	m.shop.Carts.Lines[request.CartID] = []order.Item{item}
	placed, err := m.service.PlaceOrder(m.ctx, request)
	mustBe(t, err, nil)
	want := m.model.place(request, item, placed)
	if left := len(m.shop.Carts.Lines[request.CartID]); (left == 0) != (want.status == order.StatusConfirmed) {
		t.Fatalf("order is %s, and %d lines are left in the cart", want.status, left)
	}
}

// Retry sends the request for an order again, as it was or with another method.
func (m *machine) Retry(t *rapid.T) {
	e := m.pick(t)
	request := e.request
	if rapid.Bool().Draw(t, "altered") {
		request.PaymentMethod += "_gold"
		_, err := m.service.PlaceOrder(m.ctx, request)
		mustBe(t, err, idempotency.ErrReused)
		return
	}
	again, err := m.service.PlaceOrder(m.ctx, request)
	mustBe(t, err, nil)
	if !again.Replayed || text(again.Order) != e.answer {
		t.Fatalf("first answered %s, then %s", e.answer, text(again.Order))
	}
}

// Cancel has an order cancelled, by its customer or by another one.
func (m *machine) Cancel(t *rapid.T) {
	e, customer := m.pick(t), customers.Draw(t, "customer")
	cancelled, err := m.service.CancelOrder(m.ctx, customer, e.id)
	want := m.model.cancel(e, customer)
	mustBe(t, err, want)
	if want == nil && cancelled.Status != order.StatusCancelled {
		t.Fatalf("cancelled order is %s", cancelled.Status)
	}
}

// Dispatch has an order dispatched.
func (m *machine) Dispatch(t *rapid.T) {
	e := m.pick(t)
	dispatched, err := m.service.DispatchOrder(m.ctx, staffID, e.id)
	want := m.model.dispatch(e)
	mustBe(t, err, want)
	if want == nil && dispatched.Status != e.status {
		t.Fatalf("dispatched order is %s, want %s", dispatched.Status, e.status)
	}
}

// DispatchRefused has an order dispatched while shipping refuses its parcel.
func (m *machine) DispatchRefused(t *rapid.T) {
	e := m.pick(t)
	m.shop.faults.refusals = []span{{0, m.shop.age() + time.Hour}}
	_, err := m.service.DispatchOrder(m.ctx, staffID, e.id)
	m.shop.faults.refusals = nil
	mustBe(t, err, m.model.dispatchRefused(e))
}

// Deliver lets time pass until all parcels have arrived.
func (m *machine) Deliver(t *rapid.T) {
	time.Sleep(20 * time.Second)
	mustBe(t, m.service.FollowParcels(m.ctx), nil)
	m.model.deliver()
}

// RequestReturn asks to send pieces of an order back.
func (m *machine) RequestReturn(t *rapid.T) {
	e := m.pick(t)
	back := order.Item{SKU: e.item.SKU, Quantity: rapid.Int64Range(1, 3).Draw(t, "quantity")}
	goods, err := m.service.RequestReturn(m.ctx, aftersales.ReturnRequest{
		CustomerID: e.request.CustomerID, OrderID: e.id, Lines: []order.Item{back}, Reason: "too small",
	})
	mustBe(t, err, m.model.requestReturn(e, goods, back))
}

// aReturn picks a return of an order.
func (m *machine) aReturn(t *rapid.T) (*expected, *expectedReturn) {
	e := m.pick(t)
	if len(e.returns) == 0 {
		t.Skip("no return")
	}
	return e, rapid.SampledFrom(e.returns).Draw(t, "return")
}

// Receive takes goods back, all of them or a part, perhaps again.
func (m *machine) Receive(t *rapid.T) {
	e, goods := m.aReturn(t)
	fit, damaged := rapid.Int64Range(0, 2).Draw(t, "fit"), rapid.Int64Range(0, 2).Draw(t, "damaged")
	request := aftersales.ReceiveRequest{StaffID: staffID, ReturnID: goods.id, Came: order.Receipt{
		Lines: receivedLines(e.item.SKU, fit, damaged), RefundShipping: rapid.Bool().Draw(t, "shipping"),
	}}
	back, err := m.service.ReceiveReturn(m.ctx, request)
	switch {
	case goods.status == order.ReturnRefused || goods.status == order.ReturnWithdrawn:
		mustBe(t, err, order.ErrReturnDecided)
		return
	case goods.status == order.ReturnRequested && fit+damaged > goods.quantity:
		tooMany := 0
		if fit > 0 && fit <= goods.quantity {
			tooMany = 1 // the damaged pieces stand in the second line
		}
		mustBeInvalid(t, err, fmt.Sprintf("lines[%d].quantity", tooMany))
		return
	case goods.status == order.ReturnRequested && fit+damaged == 0:
		m.model.receive(e, goods, goods.quantity, 0, request.Came.RefundShipping)
	case goods.status == order.ReturnRequested:
		m.model.receive(e, goods, fit, damaged, request.Came.RefundShipping)
	}
	mustBe(t, err, nil)
	if back.OrderID != e.id || back.Status != order.ReturnRefunded {
		t.Fatalf("received %+v, want one of %s", back, e.id)
	}
}

// Refuse does not accept a return.
func (m *machine) Refuse(t *rapid.T) {
	_, goods := m.aReturn(t)
	_, err := m.service.RefuseReturn(m.ctx, staffID, goods.id, "worn")
	mustBe(t, err, m.model.end(goods, order.ReturnRefused))
}

// Withdraw gives a return up.
func (m *machine) Withdraw(t *rapid.T) {
	e, goods := m.aReturn(t)
	_, err := m.service.WithdrawReturn(m.ctx, e.request.CustomerID, e.id, goods.id)
	mustBe(t, err, m.model.end(goods, order.ReturnWithdrawn))
}

// RefundLines gives back what pieces were sold for.
func (m *machine) RefundLines(t *rapid.T) {
	e := m.pick(t)
	pieces, shipping := rapid.Int64Range(1, 3).Draw(t, "pieces"), rapid.Bool().Draw(t, "shipping")
	given, err := m.service.RefundOrder(m.ctx, aftersales.RefundRequest{
		StaffID: staffID, IdempotencyKey: m.model.newKey(), OrderID: e.id, Reason: "late",
		Lines: []order.Item{{SKU: e.item.SKU, Quantity: pieces}}, Shipping: shipping,
	})
	if name := m.model.refundLines(e, pieces, shipping); name != "" {
		mustBeInvalid(t, err, name)
		return
	}
	mustBe(t, err, nil)
	if given.Refund.Status != order.RefundSucceeded {
		t.Fatalf("refunded %+v", given)
	}
}

// Refund gives money back, and asks for it a second time with the same key.
func (m *machine) Refund(t *rapid.T) {
	e := m.pick(t)
	request := aftersales.RefundRequest{
		StaffID: staffID, IdempotencyKey: m.model.newKey(), OrderID: e.id, Reason: "late",
		Amount: new(money.New(rapid.Int64Range(1, 2500).Draw(t, "amount"), currency)),
	}
	given, err := m.service.RefundOrder(m.ctx, request)
	if !m.model.refund(e, request.Amount.Amount) {
		mustBeInvalid(t, err, "amount")
		return
	}
	mustBe(t, err, nil)
	again, err := m.service.RefundOrder(m.ctx, request)
	mustBe(t, err, nil)
	if text(given.Refund) != text(again.Refund) || !again.Replayed || given.Refund.Status != order.RefundSucceeded {
		t.Fatalf("refunded %+v, then %+v", given, again)
	}
}

// Check compares all orders and the stock with the model.
func (m *machine) Check(t *rapid.T) {
	for _, e := range m.model.all {
		o, err := m.service.GetOrder(m.ctx, order.Viewer{Staff: true}, e.id)
		mustBe(t, err, nil)
		if o.Status != e.status || o.InProgress || o.Payment.Captured.Amount != e.captured || o.Payment.Refunded.Amount != e.refunded {
			t.Fatalf("order is %s, with %+v, in progress: %v; want %+v", o.Status, o.Payment, o.InProgress, *e)
		}
	}
	for sku, pieces := range m.model.stock {
		if l := m.shop.Inventory.Levels[sku]; l.OnHand != pieces || l.Reserved != 0 {
			t.Fatalf("%s: %+v, want %d on hand", sku, *l, pieces)
		}
	}
}
