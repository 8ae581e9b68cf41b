package orders

import "time"

// Record is an order with what the shop needs to finish it, by whatever process, after whatever crash.
type Record struct {
	Order
	// Version grows by one with each change; a change made to an older version is refused.
	Version int64
	Intent  Intent
	// Refusal is why the order is being rejected. It becomes Order.Rejection once that is done.
	Refusal        *Rejection
	CartID         string
	CartCheckedOut bool
	PaymentMethod  string
	// HoldUntil is when the hold on stock ends. What is not paid by then is rejected.
	HoldUntil time.Time
	// Erased tells that the customer was erased from it.
	Erased bool
	// Answer is the first answer to the order's idempotency key. Only Store.Save sets it, when it settles
	// the checkout.
	Answer *Order
}

// Task is the work that an order needs next.
type Task int

// The work that orders need.
const (
	TaskNone Task = iota
	TaskCheckOut
	TaskReject
	TaskCancel
	TaskDispatch
	TaskEmptyCart
	TaskTakeBack
	TaskRefund
)

// view is the order as it is shown at this moment.
func (r Record) view() Order {
	r.InProgress = r.Task() != TaskNone
	return r.Order
}

// Task returns what is to be done for the order next.
func (r Record) Task() Task {
	switch {
	case r.Status == StatusPending && r.Intent == IntentReject:
		return TaskReject
	case r.Status == StatusPending:
		return TaskCheckOut
	case r.Status == StatusConfirmed && r.Intent == IntentCancel:
		return TaskCancel
	case r.Status == StatusConfirmed && r.Intent == IntentDispatch:
		return TaskDispatch
	case r.sold() && !r.CartCheckedOut:
		return TaskEmptyCart
	case r.receivedReturn() != nil:
		return TaskTakeBack
	case r.pendingRefund() != nil:
		return TaskRefund
	default:
		return TaskNone
	}
}

// sold reports whether the order went through, so that what was bought leaves the cart.
func (r Record) sold() bool {
	return r.Status == StatusConfirmed || r.Status == StatusFulfilled || r.Status == StatusDelivered
}

// items returns the lines as pieces of SKUs.
func (r Record) items() []Item {
	items := make([]Item, len(r.Lines))
	for i, line := range r.Lines {
		items[i] = Item{SKU: line.SKU, Quantity: line.Quantity}
	}
	return items
}
