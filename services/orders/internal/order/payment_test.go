package order_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"souk/services/orders/internal/order"
)

// told is what payments tells of an order that is captured or not, in the order of the versions.
func told(version int64, status order.PaymentStatus, captured int64, refunds ...order.Refund) order.PaymentNews {
	news := order.PaymentNews{
		OrderID: "id", Version: version, Status: status, Amount: gbp(3894), Captured: gbp(captured), Refunded: gbp(0), Refunds: refunds,
	}
	for _, refund := range refunds {
		if refund.Status == order.RefundSucceeded {
			news.Refunded.Amount += refund.Amount.Amount
		}
	}
	return news
}

func eventsOf(o order.Order) (events []order.Event) {
	for _, entry := range o.Unsaved() {
		events = append(events, entry.Event)
	}
	return events
}

func TestAConfirmedOrderWhoseMoneyWasLetGoIsToBeCancelled(t *testing.T) {
	t.Parallel()
	for expired, want := range map[bool]order.Event{true: order.EventPaymentExpired, false: order.EventPaymentVoided} {
		o := in(state{"confirmed", ""})
		news := told(2, order.PaymentVoided, 0)
		news.Expired = expired
		must(t, o.FollowPayment(news))
		if o.Intent() != order.IntentCancel || o.Task() != order.TaskCancel || !slices.Equal(eventsOf(o), []order.Event{want}) {
			t.Errorf("intent %q, task %v, events %q; want a cancellation and %s", o.Intent(), o.Task(), eventsOf(o), want)
		}
		must(t, o.Cancel())
		if o.View().Payment.Status != order.PaymentVoided {
			t.Errorf("payment %+v", o.View().Payment)
		}
	}
}

func TestNewsOfAPaymentMovesNoOtherOrder(t *testing.T) {
	t.Parallel()
	for _, status := range statuses {
		for _, intent := range intents {
			for _, news := range []order.PaymentNews{
				told(2, order.PaymentVoided, 0), told(2, order.PaymentCaptured, 3894), told(2, order.PaymentDeclined, 0),
				told(2, order.PaymentAuthorized, 0),
			} {
				o := in(state{status, intent})
				must(t, o.FollowPayment(news))
				moves := state{status, intent} == state{"confirmed", ""} && news.Status == order.PaymentVoided
				if (state{o.Status(), o.Intent()} != state{status, intent}) != moves {
					t.Errorf("%s %q became %s %q by %s", status, intent, o.Status(), o.Intent(), news.Status)
				}
				if is := o.View().Payment; is.Status != news.Status || is.Captured != news.Captured {
					t.Errorf("%s: payment %+v, want %+v", status, is, news)
				}
			}
		}
	}
}

func TestOldNewsChangesNothing(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.FollowPayment(told(7, order.PaymentCaptured, 3894)))
	before := o.Snapshot()
	for version := range int64(8) {
		must(t, o.FollowPayment(told(version, order.PaymentVoided, 0)))
	}
	if after := o.Snapshot(); !reflect.DeepEqual(after, before) {
		t.Errorf("the order is %+v, want %+v", after, before)
	}
}

func TestAnUndecidedPaymentKeepsItsStatus(t *testing.T) {
	t.Parallel()
	o := in(state{"confirmed", ""})
	must(t, o.FollowPayment(told(2, order.PaymentPending, 0)))
	if is := o.View().Payment.Status; is != order.PaymentAuthorized {
		t.Errorf("payment is %s", is)
	}
}

func TestMoneyCapturedAtTheProviderIsRefundedOnce(t *testing.T) {
	t.Parallel()
	o := in(state{"confirmed", "cancel"})
	if _, err := o.RefundRest("f-1", "cancelled"); !errors.Is(err, order.ErrNotCaptured) {
		t.Errorf("before payments told: %v", err)
	}
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3000)))
	for _, want := range []bool{true, false} {
		if added, err := o.RefundRest("f-1", "cancelled"); err != nil || added != want {
			t.Errorf("added %t, %v; want %t", added, err, want)
		}
	}
	refund, _ := o.Refund("f-1")
	if refund.Amount != gbp(3000) {
		t.Errorf("refund %+v", refund)
	}
	must(t, o.FailRefund("f-1"))
	if added, err := o.RefundRest("f-1", "cancelled"); err != nil || added {
		t.Errorf("after it failed: added %t, %v", added, err)
	}
	must(t, o.Cancel())
	want := []order.Event{order.EventPaymentCaptured, order.EventRefundFailed, order.EventCancelled}
	if !slices.Equal(eventsOf(o), want) || o.View().Payment.Status != order.PaymentCaptured || o.Owed() != gbp(3000) {
		t.Errorf("events %q, payment %+v, owed %v", eventsOf(o), o.View().Payment, o.Owed())
	}
}

func TestACaptureThatIsDispatchedHasNoEventOfItsOwn(t *testing.T) {
	t.Parallel()
	o := in(state{"confirmed", "dispatch"})
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3000)))
	must(t, o.Dispatch(order.Shipment{ID: "sh-1"}))
	if captured := o.View().Payment.Captured; captured != gbp(3000) || !slices.Equal(eventsOf(o), []order.Event{order.EventDispatched}) {
		t.Errorf("captured %v, events %q", captured, eventsOf(o))
	}
}

func TestARefundMadeAtTheProviderIsAdopted(t *testing.T) {
	t.Parallel()
	o := delivered()
	made := order.Refund{ID: "f-9", Amount: gbp(3800), Status: order.RefundSucceeded}
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3894, made)))
	refund, ok := o.Refund("f-9")
	if !ok || refund.Reason == "" || o.View().Payment.Refunded != gbp(3800) {
		t.Errorf("refund %+v, payment %+v", refund, o.View().Payment)
	}
	if err := o.RequestRefund("f-1", gbp(95), "late"); err == nil {
		t.Error("a penny too much was refunded")
	}
	must(t, o.RequestRefund("f-1", gbp(94), "late"))
	// One that is not made yet, or was refused, is none of the order's.
	for _, status := range []order.RefundStatus{order.RefundPending, order.RefundFailed} {
		must(t, o.FollowPayment(told(o.PaymentVersion()+1, order.PaymentCaptured, 3894, made, order.Refund{ID: "f-10", Amount: gbp(1), Status: status})))
		if _, ok := o.Refund("f-10"); ok {
			t.Errorf("a refund that is %s was adopted", status)
		}
	}
}

func TestARefundThatFailsLaterIsOwedUntilItIsMadeAgain(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(3000), "late"))
	must(t, o.CompleteRefund("f-1"))
	failed := order.Refund{ID: "f-1", Amount: gbp(3000), Status: order.RefundFailed}
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3894, failed)))
	if o.Owed() != gbp(3000) || o.View().Payment.Refunded != gbp(0) || !slices.Equal(o.Attention(), []order.Attention{order.AttentionRefundFailed}) {
		t.Errorf("owed %v, payment %+v, attention %q", o.Owed(), o.View().Payment, o.Attention())
	}
	must(t, o.RequestRefund("f-2", gbp(2000), "again"))
	must(t, o.CompleteRefund("f-2"))
	if o.Owed() != gbp(1000) {
		t.Errorf("owed %v after a part", o.Owed())
	}
	// Somebody gives the rest back at the provider.
	made := []order.Refund{failed, {ID: "f-2", Amount: gbp(2000), Status: order.RefundSucceeded}, {ID: "f-3", Amount: gbp(1000), Status: order.RefundSucceeded}}
	must(t, o.FollowPayment(told(3, order.PaymentCaptured, 3894, made...)))
	if o.Owed() != gbp(0) || len(o.Attention()) > 0 || o.View().Payment.Refunded != gbp(3000) {
		t.Errorf("owed %v, attention %q, payment %+v", o.Owed(), o.Attention(), o.View().Payment)
	}
}

// The order is of two mugs at 12.50 and a plate at 9.99.
func TestAPieceThatAnotherRefundPaysForIsNotOwed(t *testing.T) {
	t.Parallel()
	plate := []order.Item{{SKU: "PLATE", Quantity: 1}}
	mug := []order.Item{{SKU: "MUG", Quantity: 1}}
	o := delivered()
	must(t, o.RequestRefundOf("f-1", plate, false, "broken"))
	must(t, o.RequestRefundOf("f-2", mug, false, "broken"))
	must(t, o.FailRefund("f-1"))
	must(t, o.FailRefund("f-2"))
	if o.Owed() != gbp(999+1250) {
		t.Errorf("owed %v", o.Owed())
	}
	// The plate comes back and is paid for. Of the mugs one comes back and is paid for, and the other one is still owed.
	mustReturn(t, &o, "t-1", "PLATE", 1)
	must(t, o.ReceiveReturn("t-1", "f-3", order.Receipt{}))
	mustReturn(t, &o, "t-2", "MUG", 1)
	must(t, o.ReceiveReturn("t-2", "f-4", order.Receipt{}))
	if o.Owed() != gbp(1250) {
		t.Errorf("owed %v, want a mug", o.Owed())
	}
	mustReturn(t, &o, "t-3", "MUG", 1)
	must(t, o.ReceiveReturn("t-3", "f-5", order.Receipt{}))
	if o.Owed() != gbp(0) {
		t.Errorf("owed %v, want nothing", o.Owed())
	}
}

func TestARefusedRefundThatSucceedsAfterAllIsNotOwed(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(100), "late"))
	must(t, o.FailRefund("f-1"))
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3894, order.Refund{ID: "f-1", Amount: gbp(100), Status: order.RefundSucceeded})))
	if refund, _ := o.Refund("f-1"); refund.Status != order.RefundSucceeded || o.Owed() != gbp(0) || o.View().Payment.Refunded != gbp(100) {
		t.Errorf("refund %+v, owed %v, payment %+v", refund, o.Owed(), o.View().Payment)
	}
}

func TestNoMoreIsOwedThanIsLeft(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(3000), "late"))
	// It fails, because somebody has given the money back at the provider.
	made := order.Refund{ID: "f-9", Amount: gbp(3000), Status: order.RefundSucceeded}
	must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3894, made)))
	must(t, o.FailRefund("f-1"))
	if o.Owed() != gbp(894) {
		t.Errorf("owed %v, want what is left", o.Owed())
	}
}

func TestAPendingRefundEndsAsPaymentsTells(t *testing.T) {
	t.Parallel()
	for status, owed := range map[order.RefundStatus]int64{order.RefundSucceeded: 0, order.RefundFailed: 100} {
		o := delivered()
		must(t, o.RequestRefund("f-1", gbp(100), "late"))
		must(t, o.FollowPayment(told(2, order.PaymentCaptured, 3894, order.Refund{ID: "f-1", Amount: gbp(100), Status: status})))
		if refund, _ := o.Refund("f-1"); refund.Status != status || o.Task() != order.TaskNone || o.Owed() != gbp(owed) {
			t.Errorf("refund %+v, task %v, owed %v; want %s", refund, o.Task(), o.Owed(), status)
		}
	}
}

func TestAnOrderSaysWhyItNeedsAPerson(t *testing.T) {
	t.Parallel()
	at := func(s state, age time.Duration) order.Order {
		snapshot := in(s).Snapshot()
		snapshot.CartCheckedOut = true
		snapshot.CreatedAt, snapshot.ChangedAt = snapshot.CreatedAt.Add(-age), snapshot.ChangedAt.Add(-age)
		return order.Restore(snapshot)
	}
	partly, unknown := at(state{"confirmed", ""}, 0), at(state{"confirmed", ""}, 0)
	must(t, partly.FollowPayment(told(2, order.PaymentCaptured, 3893)))
	news := told(2, order.PaymentAuthorized, 0)
	news.Attention = order.AttentionPaymentUnknown
	must(t, unknown.FollowPayment(news))
	for name, test := range map[string]struct {
		order order.Order
		want  []order.Attention
	}{
		"none":                {at(state{"confirmed", ""}, 4*24*time.Hour), nil},
		"expiring":            {at(state{"confirmed", ""}, 5*24*time.Hour+time.Minute), []order.Attention{order.AttentionAuthorizationExpiring}},
		"dispatched long ago": {at(state{"fulfilled", ""}, 6*24*time.Hour), nil},
		"at work":             {at(state{"confirmed", "cancel"}, 9*time.Minute), nil},
		"stuck":               {at(state{"confirmed", "cancel"}, 11*time.Minute), []order.Attention{order.AttentionStuck}},
		"captured in part":    {partly, []order.Attention{order.AttentionPaymentDiffers}},
		"unknown":             {unknown, []order.Attention{order.AttentionPaymentUnknown}},
	} {
		if got := test.order.Attention(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
