package simulation

import (
	"fmt"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
)

// model is a shop without faults, concurrency or other services.
type model struct {
	stock map[string]int64
	all   []*expected
	keys  int
}

// expected is what the model knows of an order. It has one line.
type expected struct {
	id                 string
	request            checkout.PlaceRequest
	answer             string
	item               order.Item
	price              int64 // of a piece
	total              int64
	status             order.Status
	captured, refunded int64
	returns            []*expectedReturn
}

type expectedReturn struct {
	id       string
	quantity int64
	received bool
}

func newModel(stock map[string]int64) model {
	m := model{stock: map[string]int64{}}
	for sku, pieces := range stock {
		m.stock[sku] = pieces
	}
	return m
}

func (m *model) newKey() string {
	m.keys++
	return fmt.Sprintf("key-%d", m.keys)
}

// place says what becomes of a new order.
func (m *model) place(request checkout.PlaceRequest, item order.Item, placed checkout.Placement) *expected {
	o := placed.Order
	e := &expected{
		id: o.ID, request: request, answer: text(o), item: item, status: order.StatusRejected,
		price: o.Lines[0].UnitPrice.Amount, total: o.Totals.Total.Amount,
	}
	if item.Quantity <= m.stock[item.SKU] && request.PaymentMethod != peerstest.MethodDeclined {
		e.status = order.StatusConfirmed
		m.stock[item.SKU] -= item.Quantity
	}
	m.all = append(m.all, e)
	return e
}

func (m *model) cancel(e *expected, customerID string) error {
	switch {
	case customerID != e.request.CustomerID:
		return order.ErrNotFound
	case e.status == order.StatusConfirmed:
		e.status = order.StatusCancelled
		m.stock[e.item.SKU] += e.item.Quantity
	case e.status != order.StatusCancelled:
		return order.ErrNotCancellable
	}
	return nil
}

func (m *model) dispatch(e *expected) error {
	switch e.status {
	case order.StatusConfirmed:
		e.status, e.captured = order.StatusFulfilled, e.total
	case order.StatusFulfilled, order.StatusDelivered:
	default:
		return order.ErrNotDispatchable
	}
	return nil
}

// dispatchRefused is a dispatch that shipping refuses. An order that was dispatched before is answered as it is.
func (m *model) dispatchRefused(e *expected) error {
	if e.status == order.StatusFulfilled || e.status == order.StatusDelivered {
		return nil
	}
	return order.ErrNotDispatchable
}

func (m *model) deliver() {
	for _, e := range m.all {
		if e.status == order.StatusFulfilled {
			e.status = order.StatusDelivered
		}
	}
}

func (m *model) requestReturn(e *expected, goods order.Return, back order.Item) error {
	left := e.item.Quantity
	for _, r := range e.returns {
		left -= r.quantity
	}
	if e.status != order.StatusDelivered || back.Quantity > left {
		return order.ErrNotReturnable
	}
	e.returns = append(e.returns, &expectedReturn{id: goods.ID, quantity: back.Quantity})
	return nil
}

// receive restocks the goods and gives back what they cost, or what is left of it.
func (m *model) receive(e *expected, goods *expectedReturn) {
	if goods.received {
		return
	}
	goods.received = true
	m.stock[e.item.SKU] += goods.quantity
	e.refunded += min(goods.quantity*e.price, e.captured-e.refunded)
}

// refund reports whether so much can be given back.
func (m *model) refund(e *expected, amount int64) bool {
	if amount > e.captured-e.refunded {
		return false
	}
	e.refunded += amount
	return true
}
