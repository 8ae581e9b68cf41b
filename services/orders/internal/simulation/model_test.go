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
	shipping           int64 // what it costs
	paidPieces         int64
	paidShipping       bool
}

type expectedReturn struct {
	id       string
	quantity int64
	status   order.ReturnStatus
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
		price: o.Lines[0].UnitPrice.Amount, total: o.Totals.Total.Amount, shipping: o.Totals.Shipping.Amount,
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

func (m *model) requestReturn(e *expected, goods order.ReturnView, back order.Item) error {
	left := e.item.Quantity
	for _, r := range e.returns {
		if r.status != order.ReturnRefused && r.status != order.ReturnWithdrawn {
			left -= r.quantity
		}
	}
	if e.status != order.StatusDelivered || back.Quantity > left {
		return order.ErrNotReturnable
	}
	e.returns = append(e.returns, &expectedReturn{id: goods.ID, quantity: back.Quantity, status: order.ReturnRequested})
	return nil
}

// receive restocks what came and is fit, and gives back what it was sold for, or what is left of the money. No piece and no shipping is
// paid for that was paid for before.
func (m *model) receive(e *expected, goods *expectedReturn, fit, damaged int64, shipping bool) {
	goods.status, goods.quantity = order.ReturnRefunded, fit+damaged
	m.stock[e.item.SKU] += fit
	pieces := min(goods.quantity, e.item.Quantity-e.paidPieces)
	e.payBack(pieces, shipping && !e.paidShipping, e.captured-e.refunded)
}

// payBack gives back what pieces and the shipping are worth, but not more than is left.
func (e *expected) payBack(pieces int64, shipping bool, left int64) {
	worth := pieces * e.price
	if shipping {
		worth += e.shipping
	}
	if worth = min(worth, left); worth == 0 {
		return
	}
	e.refunded += worth
	e.paidPieces += pieces
	e.paidShipping = e.paidShipping || shipping
}

// end refuses or withdraws a return, if it can be.
func (m *model) end(goods *expectedReturn, to order.ReturnStatus) error {
	if goods.status != order.ReturnRequested && goods.status != to {
		return order.ErrReturnDecided
	}
	goods.status = to
	return nil
}

// refund reports whether so much can be given back.
func (m *model) refund(e *expected, amount int64) bool {
	if amount > e.captured-e.refunded {
		return false
	}
	e.refunded += amount
	return true
}

// refundLines gives back what pieces were sold for, or returns the name of the field that forbids it.
func (m *model) refundLines(e *expected, pieces int64, shipping bool) string {
	worth := pieces * e.price
	if shipping {
		worth += e.shipping
	}
	switch {
	case pieces > e.item.Quantity-e.paidPieces:
		return "lines[0].quantity"
	case shipping && e.paidShipping:
		return "shipping"
	case worth > e.captured-e.refunded:
		return "lines"
	}
	e.payBack(pieces, shipping, worth)
	return ""
}
