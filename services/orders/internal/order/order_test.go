package order_test

import (
	"reflect"
	"testing"

	"souk/services/orders/internal/order"
)

func TestAnOrderIsRestoredAsItWas(t *testing.T) {
	t.Parallel()
	for _, status := range statuses {
		for _, intent := range intents {
			o := in(state{status, intent})
			if again := order.Restore(o.Snapshot()); !reflect.DeepEqual(again, o) {
				t.Errorf("%s %s: restored as %+v, want %+v", status, intent, again, o)
			}
		}
	}
}

func TestAViewSharesNothingWithItsOrder(t *testing.T) {
	t.Parallel()
	o := delivered()
	mustReturn(t, &o, "t-1", "MUG", 1)
	must(t, o.RequestRefund("f-1", gbp(1), "late"))
	before := o.View()
	for _, v := range []order.View{o.View(), o.Snapshot().View} {
		v.Lines[0].Quantity, v.Timeline[0].Event = 7, order.EventDelivered
		v.Returns[0].Status, v.Refunds[0].Status = order.ReturnRefunded, order.RefundSucceeded
	}
	if after := o.View(); !reflect.DeepEqual(after, before) {
		t.Errorf("the order is %+v, want %+v", after, before)
	}
}

// Each step of a saga works on a copy of the order, which it may lose when saving fails.
func TestADecisionAboutACopyDoesNotChangeTheOrder(t *testing.T) {
	t.Parallel()
	o := delivered()
	mustReturn(t, &o, "t-1", "MUG", 1)
	before := o.Snapshot()
	for _, id := range []string{"f-1", "f-2"} {
		other := o
		must(t, other.ReceiveReturn("t-1", id, order.Receipt{}))
		must(t, other.CompleteRefund(id))
	}
	if after := o.Snapshot(); !reflect.DeepEqual(after, before) {
		t.Errorf("the order is %+v, want %+v", after, before)
	}
}

func TestASavedOrderHasNothingUnsaved(t *testing.T) {
	t.Parallel()
	o := in(state{"pending", ""})
	must(t, o.Confirm())
	if unsaved := o.Unsaved(); len(unsaved) != 1 || unsaved[0].Event != order.EventConfirmed || !o.Settled() {
		t.Errorf("unsaved %+v, settled %t", unsaved, o.Settled())
	}
	answer := o.View()
	saved := o.Saved(&answer)
	if len(saved.Unsaved()) > 0 || saved.Settled() || saved.Version() != o.Version()+1 || saved.Answer() != &answer {
		t.Errorf("saved %+v", saved)
	}
}

func TestMovesAreRecordedOnce(t *testing.T) {
	t.Parallel()
	o := in(state{"fulfilled", ""})
	moves := []order.Event{order.EventInTransit, order.EventOutForDelivery}
	for _, want := range []bool{true, false} {
		if news, err := o.RecordMoves(moves); err != nil || news != want || len(o.Unsaved()) != 2 {
			t.Errorf("news %t, %v, unsaved %+v", news, err, o.Unsaved())
		}
	}
	if news, err := o.RecordMoves(append(moves, order.EventDelivered)); err != nil || !news || o.Status() != order.StatusDelivered {
		t.Errorf("news %t, %v, status %s", news, err, o.Status())
	}
}
