package order_test

import (
	"errors"
	"reflect"
	"testing"

	"souk/platform/money"

	"souk/services/orders/internal/order"
)

type state struct {
	status order.Status
	intent order.Intent
}

var (
	statuses = []order.Status{
		order.StatusPending, order.StatusConfirmed, order.StatusFulfilled, order.StatusDelivered, order.StatusRejected, order.StatusCancelled,
	}
	intents = []order.Intent{order.IntentNone, order.IntentReject, order.IntentCancel, order.IntentDispatch}
)

func gbp(n int64) money.Money { return money.New(n, "GBP") }

// in returns an order of two mugs and a plate in a state. What happened to it before is as it would be, but for the timeline.
func in(s state) order.Order {
	snapshot := order.New(order.Draft{
		ID: "id", CustomerID: "customer", CartID: "cart", PaymentMethod: "pm_card_visa",
		Lines: []order.Line{
			{SKU: "MUG", Quantity: 2, UnitPrice: gbp(1250), LineTotal: gbp(2500)}, {SKU: "PLATE", Quantity: 1, UnitPrice: gbp(999), LineTotal: gbp(999)},
		},
		Totals: order.Totals{Subtotal: gbp(3499), Shipping: gbp(395), Tax: gbp(0), Total: gbp(3894)},
	}).Snapshot()
	snapshot.Status, snapshot.Intent = s.status, s.intent
	snapshot.Refusal = &order.Rejection{Reason: order.RejectedExpired}
	switch s.status {
	case order.StatusConfirmed:
		snapshot.Payment = order.Payment{Status: order.PaymentAuthorized, Authorized: gbp(3894), Captured: gbp(0), Refunded: gbp(0)}
	case order.StatusFulfilled, order.StatusDelivered:
		snapshot.Payment = order.Payment{Status: order.PaymentCaptured, Authorized: gbp(3894), Captured: gbp(3894), Refunded: gbp(0)}
	}
	return order.Restore(snapshot)
}

// decisions are all decisions that depend on the state of an order. Each leads from one state to another and is refused in all others.
var decisions = map[string]struct {
	decide   func(*order.Order) error
	from, to state
	refused  error
	payment  order.PaymentStatus
}{
	"confirm": {(*order.Order).Confirm,
		state{"pending", ""}, state{"confirmed", ""}, order.ErrWrongState, order.PaymentAuthorized},
	"begin rejection": {func(o *order.Order) error { return o.BeginRejection(order.Rejection{Reason: order.RejectedOutOfStock}) },
		state{"pending", ""}, state{"pending", "reject"}, order.ErrWrongState, order.PaymentPending},
	"reject": {(*order.Order).Reject,
		state{"pending", "reject"}, state{"rejected", ""}, order.ErrWrongState, order.PaymentVoided},
	"begin cancellation": {(*order.Order).BeginCancellation,
		state{"confirmed", ""}, state{"confirmed", "cancel"}, order.ErrNotCancellable, order.PaymentAuthorized},
	"begin cancellation by staff": {func(o *order.Order) error { return o.BeginCancellationByStaff("damaged") },
		state{"confirmed", ""}, state{"confirmed", "cancel"}, order.ErrNotCancellable, order.PaymentAuthorized},
	"cancel": {(*order.Order).Cancel,
		state{"confirmed", "cancel"}, state{"cancelled", ""}, order.ErrWrongState, order.PaymentVoided},
	"begin dispatch": {func(o *order.Order) error { return o.BeginDispatch("b-1") },
		state{"confirmed", ""}, state{"confirmed", "dispatch"}, order.ErrNotDispatchable, order.PaymentAuthorized},
	"abandon dispatch": {func(o *order.Order) error { return o.AbandonDispatch("no money") },
		state{"confirmed", "dispatch"}, state{"confirmed", ""}, order.ErrWrongState, order.PaymentAuthorized},
	"dispatch": {func(o *order.Order) error { return o.Dispatch(order.Shipment{ID: "sh-1"}) },
		state{"confirmed", "dispatch"}, state{"fulfilled", ""}, order.ErrWrongState, order.PaymentCaptured},
	"record a move": {func(o *order.Order) error { _, err := o.RecordMoves([]order.Event{order.EventInTransit}); return err },
		state{"fulfilled", ""}, state{"fulfilled", ""}, order.ErrWrongState, order.PaymentCaptured},
	"deliver": {func(o *order.Order) error { _, err := o.RecordMoves([]order.Event{order.EventDelivered}); return err },
		state{"fulfilled", ""}, state{"delivered", ""}, order.ErrWrongState, order.PaymentCaptured},
	"request a return": {func(o *order.Order) error {
		_, err := o.RequestReturn("t-1", []order.Item{{SKU: "MUG", Quantity: 1}}, "broken")
		return err
	}, state{"delivered", ""}, state{"delivered", ""}, order.ErrNotReturnable, order.PaymentCaptured},
}

func TestEachDecisionMovesOneStateAndIsRefusedInTheOthers(t *testing.T) {
	t.Parallel()
	for name, decision := range decisions {
		for _, status := range statuses {
			for _, intent := range intents {
				from := state{status, intent}
				o := in(from)
				before := o
				err := decision.decide(&o)
				if from != decision.from {
					if !errors.Is(err, decision.refused) || !reflect.DeepEqual(o, before) {
						t.Errorf("%s of %v: %v, now %+v; want %v and no change", name, from, err, o, decision.refused)
					}
					continue
				}
				is := state{o.Status(), o.Intent()}
				if err != nil || is != decision.to || o.View().Payment.Status != decision.payment {
					t.Errorf("%s of %v: %v, now %v with the payment %+v; want %v, %s", name, from, err, is, o.View().Payment, decision.to, decision.payment)
				}
			}
		}
	}
}

func TestAnOrderHasWorkUntilItsDecisionIsCarriedOut(t *testing.T) {
	t.Parallel()
	want := map[state]order.Task{
		{"pending", ""}: order.TaskCheckOut, {"pending", "reject"}: order.TaskReject,
		{"confirmed", "cancel"}: order.TaskCancel, {"confirmed", "dispatch"}: order.TaskDispatch,
		{"confirmed", ""}: order.TaskEmptyCart, {"fulfilled", ""}: order.TaskEmptyCart, {"delivered", ""}: order.TaskEmptyCart,
		{"rejected", ""}: order.TaskNone, {"cancelled", ""}: order.TaskNone,
	}
	for s, task := range want {
		o := in(s)
		if got := o.Task(); got != task || o.View().InProgress != (task != order.TaskNone) {
			t.Errorf("%v: task %v, want %v", s, got, task)
		}
		if o.EmptyCart(); task == order.TaskEmptyCart && o.Task() != order.TaskNone {
			t.Errorf("%v: task %v after the cart was emptied", s, o.Task())
		}
	}
}
