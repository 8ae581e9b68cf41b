package order_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

func item(sku string, quantity int64) order.Item { return order.Item{SKU: sku, Quantity: quantity} }

func came(sku string, quantity int64, restock bool) order.ReceivedLine {
	return order.ReceivedLine{Item: item(sku, quantity), Restock: restock}
}

// violated returns the names of the fields that an error names.
func violated(err error) (names []string) {
	var invalid *field.Error
	if errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			names = append(names, v.Field)
		}
	}
	return names
}

func last(o order.Order) order.TimelineEntry {
	entries := o.Timeline()
	return entries[len(entries)-1]
}

// ends are the two ways in which a return ends without its goods.
var ends = map[order.ReturnStatus]struct {
	end   func(o *order.Order, id string) error
	event order.Event
}{
	order.ReturnRefused:   {func(o *order.Order, id string) error { return o.RefuseReturn(id, "worn") }, order.EventReturnRefused},
	order.ReturnWithdrawn: {(*order.Order).WithdrawReturn, order.EventReturnWithdrawn},
}

func TestGoodsOfARefusedOrWithdrawnReturnCanBeReturnedAgain(t *testing.T) {
	t.Parallel()
	for status, way := range ends {
		o := delivered()
		mustReturn(t, &o, "t-1", "MUG", 2)
		o = o.By("somebody")
		must(t, way.end(&o, "t-1"))
		goods, _ := o.Return("t-1")
		if entry := last(o); goods.Status != status || entry.Event != way.event || entry.ActorID != "somebody" || o.Task() != order.TaskNone {
			t.Errorf("%s: return %+v, entry %+v, task %v", status, goods, entry, o.Task())
		}
		if want := map[order.ReturnStatus]string{order.ReturnRefused: "worn"}[status]; goods.RefusalReason != want {
			t.Errorf("%s: refused because %q, want %q", status, goods.RefusalReason, want)
		}
		mustReturn(t, &o, "t-2", "MUG", 2)
		must(t, o.ReceiveReturn("t-2", "f-1", order.Receipt{}))
		if refund, _ := o.RefundOf("t-2"); refund.Amount != gbp(2500) {
			t.Errorf("%s: the second return is refunded with %v", status, refund.Amount)
		}
	}
}

func TestReturnsAreNotRequestedAndWithdrawnForEver(t *testing.T) {
	t.Parallel()
	o := delivered()
	for n := range 50 {
		id := fmt.Sprint("t-", n)
		mustReturn(t, &o, id, "MUG", 1)
		must(t, ends[[]order.ReturnStatus{order.ReturnRefused, order.ReturnWithdrawn}[n%2]].end(&o, id))
	}
	if _, err := o.RequestReturn("t-51", []order.Item{item("MUG", 1)}, "broken"); !errors.Is(err, order.ErrNotReturnable) {
		t.Errorf("after 50 that ended: %v", err)
	}
}

func TestOnlyARequestedReturnIsReceivedRefusedOrWithdrawn(t *testing.T) {
	t.Parallel()
	decisions := map[string]func(o *order.Order, id string) error{
		"receive":  func(o *order.Order, id string) error { return o.ReceiveReturn(id, "f-9", order.Receipt{}) },
		"refuse":   ends[order.ReturnRefused].end,
		"withdraw": ends[order.ReturnWithdrawn].end,
	}
	before := map[string]func(o *order.Order){
		"received": func(o *order.Order) { must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{})) },
		"refunded": func(o *order.Order) {
			must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{}))
			must(t, o.CompleteRefund("f-1"))
			must(t, o.CompleteReturn("t-1"))
		},
		"refused":   func(o *order.Order) { must(t, o.RefuseReturn("t-1", "worn")) },
		"withdrawn": func(o *order.Order) { must(t, o.WithdrawReturn("t-1")) },
	}
	for state, prepare := range before {
		for name, decide := range decisions {
			o := delivered()
			mustReturn(t, &o, "t-1", "MUG", 1)
			prepare(&o)
			unchanged := o.Snapshot()
			if err := decide(&o, "t-1"); !errors.Is(err, order.ErrReturnDecided) || !reflect.DeepEqual(o.Snapshot(), unchanged) {
				t.Errorf("%s a return that is %s: %v", name, state, err)
			}
			if err := decide(&o, "t-2"); !errors.Is(err, order.ErrReturnNotFound) {
				t.Errorf("%s a return that is not there: %v", name, err)
			}
		}
	}
}

func TestOfAReturnOnlyThePiecesThatCameCount(t *testing.T) {
	t.Parallel()
	o := delivered()
	_, err := o.RequestReturn("t-1", []order.Item{item("MUG", 2), item("PLATE", 1)}, "broken")
	must(t, err)
	must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{Lines: []order.ReceivedLine{came("MUG", 1, true)}}))
	goods, _ := o.Return("t-1")
	if !reflect.DeepEqual(goods.Lines, []order.Item{item("MUG", 1)}) || goods.Amount != gbp(1250) {
		t.Errorf("return %+v", goods)
	}
	refund, _ := o.RefundOf("t-1")
	if refund.Amount != gbp(1250) || !reflect.DeepEqual(refund.Lines, goods.Lines) {
		t.Errorf("refund %+v", refund)
	}
	if entry := last(o); entry.Detail != "12.50 GBP, 1 of 3 pieces" {
		t.Errorf("timeline says %q", entry.Detail)
	}
	// The other two come later.
	_, err = o.RequestReturn("t-2", []order.Item{item("MUG", 1), item("PLATE", 1)}, "broken")
	must(t, err)
	if _, err := o.RequestReturn("t-3", []order.Item{item("MUG", 1)}, "broken"); !errors.Is(err, order.ErrNotReturnable) {
		t.Errorf("a third mug: %v", err)
	}
}

func TestDamagedPiecesAreRefundedAndNotRestocked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		came      []order.ReceivedLine
		restocked []order.Item
		amount    int64
	}{
		"without lines":  {nil, []order.Item{item("MUG", 2), item("PLATE", 1)}, 3499},
		"one damaged":    {[]order.ReceivedLine{came("MUG", 1, true), came("MUG", 1, false)}, []order.Item{item("MUG", 1)}, 2500},
		"all damaged":    {[]order.ReceivedLine{came("MUG", 2, false), came("PLATE", 1, false)}, nil, 3499},
		"plate damaged":  {[]order.ReceivedLine{came("PLATE", 1, false), came("MUG", 2, true)}, []order.Item{item("MUG", 2)}, 3499},
		"a plate missed": {[]order.ReceivedLine{came("MUG", 2, true)}, []order.Item{item("MUG", 2)}, 2500},
	} {
		o := delivered()
		_, err := o.RequestReturn("t-1", []order.Item{item("MUG", 2), item("PLATE", 1)}, "broken")
		must(t, err)
		must(t, o.ReceiveReturn("t-1", "f-1", order.Receipt{Lines: c.came}))
		goods, _ := o.Return("t-1")
		restocked := o.Restocked(goods)
		refund, _ := o.RefundOf("t-1")
		if !reflect.DeepEqual(restocked, c.restocked) || refund.Amount != gbp(c.amount) {
			t.Errorf("%s: restocked %v, refunded %v, want %v and %v", name, restocked, refund.Amount, c.restocked, gbp(c.amount))
		}
	}
}

func TestWhatWasNotAnnouncedIsNotReceived(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		came []order.ReceivedLine
		want string
	}{
		{[]order.ReceivedLine{came("MUG", 3, true)}, "lines[0].quantity"},
		{[]order.ReceivedLine{came("MUG", 1, true), came("MUG", 2, false)}, "lines[1].quantity"},
		{[]order.ReceivedLine{came("MUG", 1, true), came("PLATE", 1, true)}, "lines[1].sku"},
	} {
		o := delivered()
		mustReturn(t, &o, "t-1", "MUG", 2)
		before := o.Snapshot()
		err := o.ReceiveReturn("t-1", "f-1", order.Receipt{Lines: c.came})
		if names := violated(err); !reflect.DeepEqual(names, []string{c.want}) || !reflect.DeepEqual(o.Snapshot(), before) {
			t.Errorf("%v: %v, want a violation of %s and no change", c.came, err, c.want)
		}
	}
}

func TestTheShippingIsGivenBackOncePerOrder(t *testing.T) {
	t.Parallel()
	o := delivered()
	for i, c := range []struct {
		id       string
		shipping bool
		refunded int64
		included bool
	}{{"a", false, 1250, false}, {"b", true, 1250 + 395, true}} {
		mustReturn(t, &o, c.id, "MUG", 1)
		must(t, o.ReceiveReturn(c.id, "f-"+c.id, order.Receipt{RefundShipping: c.shipping}))
		goods, _ := o.Return(c.id)
		refund, _ := o.RefundOf(c.id)
		if refund.Amount != gbp(c.refunded) || refund.Shipping != c.included || goods.RefundShipping != c.included || goods.Amount != gbp(1250) {
			t.Errorf("%d: return %+v, refund %+v", i, goods, refund)
		}
	}
	mustReturn(t, &o, "c", "PLATE", 1)
	third := o
	must(t, third.ReceiveReturn("c", "f-c", order.Receipt{RefundShipping: true}))
	goods, _ := third.Return("c")
	if refund, _ := third.RefundOf("c"); refund.Amount != gbp(999) || goods.RefundShipping {
		t.Errorf("the second time: return %+v, refund %+v", goods, refund)
	}
	if err := o.RequestRefundOf("f-d", []order.Item{item("PLATE", 1)}, true, "late"); !reflect.DeepEqual(violated(err), []string{"shipping"}) {
		t.Errorf("the second time, by a refund: %v", err)
	}
	// A refund that failed has given nothing back.
	must(t, o.FailRefund("f-b"))
	must(t, o.RequestRefundOf("f-d", []order.Item{item("PLATE", 1)}, true, "late"))
}
