package order_test

import (
	"errors"
	"reflect"
	"testing"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

func delivered() order.Order {
	o := in(state{"delivered", ""})
	o.EmptyCart()
	return o
}

// must fails the test on the error of a decision.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustReturn(t *testing.T, o *order.Order, id, sku string, quantity int64) {
	t.Helper()
	_, err := o.RequestReturn(id, []order.Item{{SKU: sku, Quantity: quantity}}, "broken")
	must(t, err)
}

func TestAReturnGoesThroughItsStatusesInTheirOrder(t *testing.T) {
	t.Parallel()
	o := delivered()
	mustReturn(t, &o, "t-1", "MUG", 2)
	if err := o.CompleteReturn("t-1"); !errors.Is(err, order.ErrWrongState) {
		t.Errorf("completed before it was received: %v", err)
	}
	if err := o.ReceiveReturn("t-2", "f-1", order.Receipt{}); !errors.Is(err, order.ErrReturnNotFound) {
		t.Errorf("another return: %v", err)
	}
	must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{}))
	if err := o.ReceiveReturn("t-1", "f-2", order.Receipt{}); !errors.Is(err, order.ErrReturnDecided) {
		t.Errorf("received again: %v", err)
	}
	refund, ok := o.RefundOf("t-1")
	if !ok || refund.ID != "f-1" || refund.Amount != gbp(2500) || refund.Status != order.RefundPending || o.Task() != order.TaskTakeBack {
		t.Errorf("refund %+v, task %v", refund, o.Task())
	}
	must(t, o.CompleteRefund("f-1"))
	must(t, o.CompleteReturn("t-1"))
	if err := o.CompleteReturn("t-1"); !errors.Is(err, order.ErrWrongState) {
		t.Errorf("completed again: %v", err)
	}
	goods, _ := o.Return("t-1")
	if goods.Status != order.ReturnRefunded || o.View().Payment.Refunded != gbp(2500) || o.Task() != order.TaskNone {
		t.Errorf("return %+v, payment %+v, task %v", goods, o.View().Payment, o.Task())
	}
	var events []order.Event
	for _, entry := range o.Unsaved() {
		events = append(events, entry.Event)
	}
	want := []order.Event{order.EventReturnRequested, order.EventReturnReceived, order.EventRefunded}
	if !reflect.DeepEqual(events, want) {
		t.Errorf("timeline %q, want %q", events, want)
	}
}

func TestNoPieceIsReturnedTwice(t *testing.T) {
	t.Parallel()
	o := delivered()
	mustReturn(t, &o, "t-1", "MUG", 2)
	if _, err := o.RequestReturn("t-2", []order.Item{{SKU: "MUG", Quantity: 1}}, "broken"); !errors.Is(err, order.ErrNotReturnable) {
		t.Errorf("a third mug: %v", err)
	}
	var invalid *field.Error
	if _, err := o.RequestReturn("t-2", []order.Item{{SKU: "SPOON", Quantity: 1}}, "broken"); !errors.As(err, &invalid) {
		t.Errorf("a spoon: %v", err)
	}
}

func TestRefundsTogetherNeverExceedWhatWasCaptured(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(3000), "late"))
	var invalid *field.Error
	if err := o.RequestRefund("f-2", gbp(895), "late"); !errors.As(err, &invalid) {
		t.Errorf("a penny too much: %v", err)
	}
	// The goods are worth 25.00, and 8.94 is left.
	mustReturn(t, &o, "t-1", "MUG", 2)
	must(t, o.ReceiveReturn("t-1", "f-3", order.Receipt{}))
	if refund, _ := o.RefundOf("t-1"); refund.Amount != gbp(894) {
		t.Errorf("refund %v, want what is left", refund.Amount)
	}
	// When nothing is left, goods are taken back without a refund.
	mustReturn(t, &o, "t-2", "PLATE", 1)
	must(t, o.ReceiveReturn("t-2", "f-4", order.Receipt{}))
	if refund, ok := o.RefundOf("t-2"); ok {
		t.Errorf("refund %+v, want none", refund)
	}
	// A refund that failed takes nothing away from the others.
	must(t, o.FailRefund("f-1"))
	must(t, o.RequestRefund("f-5", gbp(3000), "late"))
}

func TestARefundEndsOnce(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(1), "late"))
	must(t, o.CompleteRefund("f-1"))
	for name, err := range map[string]error{"again": o.CompleteRefund("f-1"), "another": o.CompleteRefund("f-2")} {
		if !errors.Is(err, order.ErrWrongState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if refunded := o.View().Payment.Refunded; refunded != gbp(1) {
		t.Errorf("refunded %v", refunded)
	}
}

func TestMoneyThatWasNotCapturedIsNotRefunded(t *testing.T) {
	t.Parallel()
	for _, s := range []state{{"pending", ""}, {"confirmed", ""}, {"rejected", ""}, {"cancelled", ""}} {
		o := in(s)
		var invalid *field.Error
		if err := o.RequestRefund("f-1", gbp(1), "late"); !errors.As(err, &invalid) {
			t.Errorf("%v: %v", s, err)
		}
	}
}

func TestAnErasedCustomerReturnsNothing(t *testing.T) {
	t.Parallel()
	snapshot := delivered().Snapshot()
	snapshot.Erased = true
	o := order.Restore(snapshot)
	if _, err := o.RequestReturn("t-1", []order.Item{{SKU: "MUG", Quantity: 1}}, "broken"); !errors.Is(err, order.ErrCustomerErased) {
		t.Errorf("%v", err)
	}
}
