package order_test

import (
	"reflect"
	"testing"

	"souk/services/orders/internal/order"
)

func TestARefundOfLinesIsWhatTheyWereSoldFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		items    []order.Item
		shipping bool
		want     int64
	}{
		"a mug":                   {[]order.Item{item("MUG", 1)}, false, 1250},
		"all mugs and the plate":  {[]order.Item{item("MUG", 2), item("PLATE", 1)}, false, 3499},
		"a plate with shipping":   {[]order.Item{item("PLATE", 1)}, true, 999 + 395},
		"everything and shipping": {[]order.Item{item("MUG", 2), item("PLATE", 1)}, true, 3894},
	} {
		o := delivered().By("staff")
		must(t, o.RequestRefundOf("f-1", c.items, c.shipping, "late"))
		refund, _ := o.Refund("f-1")
		if refund.Amount != gbp(c.want) || !reflect.DeepEqual(refund.Lines, c.items) || refund.Shipping != c.shipping || o.Task() != order.TaskRefund {
			t.Errorf("%s: %+v, want %v", name, refund, gbp(c.want))
		}
		must(t, o.CompleteRefund("f-1"))
		if entry := last(o); entry.Event != order.EventRefunded || entry.ActorID != "staff" {
			t.Errorf("%s: timeline says %+v", name, entry)
		}
	}
}

func TestWhatCannotBePaidBackIsNamed(t *testing.T) {
	t.Parallel()
	free := delivered().Snapshot()
	free.Lines[1].UnitPrice = gbp(0)
	for name, c := range map[string]struct {
		of    order.Order
		items []order.Item
		want  string
	}{
		"not in the order":     {delivered(), []order.Item{item("MUG", 1), item("SPOON", 1)}, "lines[1].sku"},
		"more than was bought": {delivered(), []order.Item{item("MUG", 3)}, "lines[0].quantity"},
		"not captured yet":     {in(state{"confirmed", ""}), []order.Item{item("MUG", 1)}, "lines"},
		"a gift":               {order.Restore(free), []order.Item{item("PLATE", 1)}, "lines"},
	} {
		before := c.of.Snapshot()
		err := c.of.RequestRefundOf("f-1", c.items, false, "late")
		if names := violated(err); !reflect.DeepEqual(names, []string{c.want}) || !reflect.DeepEqual(c.of.Snapshot(), before) {
			t.Errorf("%s: %v, want a violation of %s and no change", name, err, c.want)
		}
	}
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(3000), "goodwill"))
	if err := o.RequestRefundOf("f-2", []order.Item{item("MUG", 1)}, false, "late"); !reflect.DeepEqual(violated(err), []string{"lines"}) {
		t.Errorf("more than is left of the money: %v", err)
	}
}

func TestNoPieceIsPaidBackTwice(t *testing.T) {
	t.Parallel()
	refund := func(quantity int64) func(*order.Order, string) error {
		return func(o *order.Order, id string) error {
			return o.RequestRefundOf(id, []order.Item{item("MUG", quantity)}, false, "late")
		}
	}
	comesBack := func(quantity int64) func(*order.Order, string) error {
		return func(o *order.Order, id string) error {
			mustReturn(t, o, "t"+id, "MUG", quantity)
			return o.ReceiveReturn("t"+id, id, order.Receipt{})
		}
	}
	for name, c := range map[string]struct {
		first, second func(*order.Order, string) error
		want          []int64 // what the two give back; 0 for no refund
	}{
		"a refunded mug and both returned":    {refund(1), comesBack(2), []int64{1250, 1250}},
		"both refunded and both returned":     {refund(2), comesBack(2), []int64{2500, 0}},
		"one refunded, one returned":          {refund(1), comesBack(1), []int64{1250, 1250}},
		"one returned, one refunded":          {comesBack(1), refund(1), []int64{1250, 1250}},
		"both returned and a refund of one":   {comesBack(2), refund(1), []int64{2500, 0}},
		"both refunded and a refund of one":   {refund(2), refund(1), []int64{2500, 0}},
		"one returned and a refund of both":   {comesBack(1), refund(2), []int64{1250, 0}},
		"one refunded and another, each once": {refund(1), refund(1), []int64{1250, 1250}},
	} {
		o := delivered()
		must(t, c.first(&o, "f-1"))
		if err := c.second(&o, "f-2"); err != nil && !reflect.DeepEqual(violated(err), []string{"lines[0].quantity"}) {
			t.Errorf("%s: %v", name, err)
		}
		for i, id := range []string{"f-1", "f-2"} {
			if given, _ := o.Refund(id); given.Amount.Amount != c.want[i] {
				t.Errorf("%s: the refunds are %+v, want %v", name, o.View().Refunds, c.want)
			}
		}
	}
}

func TestPiecesOfARefundThatFailedArePaidBackByAnother(t *testing.T) {
	t.Parallel()
	o := delivered()
	both := []order.Item{item("MUG", 2)}
	must(t, o.RequestRefundOf("f-1", both, false, "late"))
	must(t, o.FailRefund("f-1"))
	must(t, o.RequestRefundOf("f-2", both, false, "late"))
}

func TestGoodwillNamesNoPiece(t *testing.T) {
	t.Parallel()
	o := delivered()
	must(t, o.RequestRefund("f-1", gbp(1250), "sorry"))
	mustReturn(t, &o, "t-1", "MUG", 2)
	must(t, o.ReceiveReturn("t-1", "f-2", order.Receipt{}))
	if refund, _ := o.RefundOf("t-1"); refund.Amount != gbp(2500) {
		t.Errorf("the return gives %v back, want all of both mugs", refund.Amount)
	}
}

func TestTheTimelineKeepsWhoHasDecided(t *testing.T) {
	t.Parallel()
	o := in(state{"confirmed", ""}).By("clerk")
	must(t, o.BeginDispatch("booking"))
	o = o.Saved(nil) // what follows is carried out by the shop itself
	must(t, o.Dispatch(order.Shipment{ID: "sh-1"}))
	if entry := last(o); entry.Event != order.EventDispatched || entry.ActorID != "clerk" {
		t.Errorf("dispatched: %+v", entry)
	}
	_, err := o.RecordMoves([]order.Event{order.EventDelivered})
	must(t, err)
	if entry := last(o); entry.Event != order.EventDelivered || entry.ActorID != "" {
		t.Errorf("delivered: %+v", entry)
	}
	o = o.By("customer")
	mustReturn(t, &o, "t-1", "MUG", 1)
	if entry := last(o); entry.ActorID != "customer" {
		t.Errorf("return requested: %+v", entry)
	}
	o = o.Saved(nil).By("desk")
	must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{}))
	o = o.Saved(nil)
	must(t, o.CompleteRefund("f-1"))
	for _, entry := range o.Timeline()[len(o.Timeline())-2:] {
		if entry.ActorID != "desk" {
			t.Errorf("received and refunded: %+v", entry)
		}
	}
}
