package orders_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/platform/security"
	"souk/testkit/securitytest"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// refundOf is a request to give back what pieces were sold for.
func refundOf(o order.View, key string, shipping bool, items ...order.Item) aftersales.RefundRequest {
	return aftersales.RefundRequest{StaffID: staff, IdempotencyKey: key, OrderID: o.ID, Lines: items, Shipping: shipping, Reason: "damaged"}
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

// actors are who has decided the last entries of a timeline, as "event by id".
func actors(o order.View, n int) (found []string) {
	for _, entry := range o.Timeline[len(o.Timeline)-n:] {
		found = append(found, fmt.Sprintf("%s by %s", entry.Event, entry.ActorID))
	}
	return found
}

func TestARefusedReturnStaysRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	goods := s.mustReturn(t, sendBack(o, "MUG", 3))
	ctx, events := securitytest.Record(t.Context(), t)
	for _, reason := range []string{"worn", "for another reason"} {
		refused, err := s.RefuseReturn(ctx, staff, goods.ID, reason)
		if err != nil || refused.Status != order.ReturnRefused || refused.RefusalReason != "worn" || refused.OrderNumber != o.Number {
			t.Fatalf("%+v, %v", refused, err)
		}
	}
	events.Expect(t, security.ReturnRefused, o.ID)
	if _, err := s.ReceiveReturn(t.Context(), received(goods)); !errors.Is(err, order.ErrReturnDecided) {
		t.Errorf("received: %v", err)
	}
	if _, err := s.WithdrawReturn(t.Context(), customer, o.ID, goods.ID); !errors.Is(err, order.ErrReturnDecided) {
		t.Errorf("withdrawn: %v", err)
	}
	saved := s.mustGet(t, o.ID)
	if got, want := actors(saved, 2), []string{"return_requested by " + customer, "return_refused by " + staff}; !slices.Equal(got, want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
	s.mustReturn(t, sendBack(o, "MUG", 3))
}

func TestACustomerWithdrawsAReturn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	goods := s.mustReturn(t, sendBack(o, "MUG", 3))
	if _, err := s.WithdrawReturn(t.Context(), "someone else", o.ID, goods.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("someone else: %v", err)
	}
	for _, id := range []string{"7", o.ID} {
		if _, err := s.WithdrawReturn(t.Context(), customer, o.ID, id); !errors.Is(err, order.ErrReturnNotFound) {
			t.Errorf("return %s: %v", id, err)
		}
	}
	for range 2 {
		if withdrawn, err := s.WithdrawReturn(t.Context(), customer, o.ID, goods.ID); err != nil || withdrawn.Status != order.ReturnWithdrawn {
			t.Fatalf("%+v, %v", withdrawn, err)
		}
	}
	if _, err := s.RefuseReturn(t.Context(), staff, goods.ID, "worn"); !errors.Is(err, order.ErrReturnDecided) {
		t.Errorf("refused: %v", err)
	}
	if got, want := actors(s.mustGet(t, o.ID), 1), []string{"return_withdrawn by " + customer}; !slices.Equal(got, want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
	s.mustReturn(t, sendBack(o, "MUG", 3))
}

func TestARefusalNeedsAReasonAndAReturn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	if _, err := s.RefuseReturn(t.Context(), staff, o.ID, " "); !slices.Equal(violated(err), []string{"reason"}) {
		t.Errorf("no reason: %v", err)
	}
	if _, err := s.RefuseReturn(t.Context(), staff, o.ID, "worn"); !errors.Is(err, order.ErrReturnNotFound) {
		t.Errorf("no return: %v", err)
	}
}

func TestOfAReturnOnlyWhatCameIsRestockedAndRefunded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	mugs, plates := s.world.Inventory.Left("MUG"), s.world.Inventory.Left("PLATE")
	asked := sendBack(o, "MUG", 3)
	asked.Lines = append(asked.Lines, order.Item{SKU: "PLATE", Quantity: 2})
	req := received(s.mustReturn(t, asked))
	req.Came = order.Receipt{RefundShipping: true, Lines: []order.ReceivedLine{
		{Item: order.Item{SKU: "MUG", Quantity: 1}, Restock: true}, {Item: order.Item{SKU: "MUG", Quantity: 1}},
		{Item: order.Item{SKU: "PLATE", Quantity: 1}},
	}}
	back, err := s.ReceiveReturn(t.Context(), req)
	if err != nil || back.Status != order.ReturnRefunded || !back.RefundShipping {
		t.Fatalf("%+v, %v", back, err)
	}
	want := 2*1250 + 999 + o.Totals.Shipping.Amount
	if *back.RefundAmount != money.New(want, "GBP") || s.refunded(o.ID) != want || back.Amount.Amount != 2*1250+999 {
		t.Errorf("amount %v, refund %v, refunded %d, want %d", back.Amount, back.RefundAmount, s.refunded(o.ID), want)
	}
	if s.world.Inventory.Left("MUG") != mugs+1 || s.world.Inventory.Left("PLATE") != plates {
		t.Errorf("%d mugs of %d, %d plates of %d", s.world.Inventory.Left("MUG"), mugs+1, s.world.Inventory.Left("PLATE"), plates)
	}
	saved := s.mustGet(t, o.ID)
	wantReturn := order.Return{
		ID: back.ID, Status: order.ReturnRefunded, Reason: "broken", Amount: back.Amount, RefundShipping: true, CreatedAt: back.CreatedAt,
		Lines:        []order.Item{{SKU: "MUG", Quantity: 2}, {SKU: "PLATE", Quantity: 1}},
		NotRestocked: []order.Item{{SKU: "MUG", Quantity: 1}, {SKU: "PLATE", Quantity: 1}},
	}
	if !reflect.DeepEqual(saved.Returns, []order.Return{wantReturn}) {
		t.Errorf("saved %+v, want %+v", saved.Returns, wantReturn)
	}
	if got, want := actors(saved, 2), []string{"return_received by " + staff, "refunded by " + staff}; !slices.Equal(got, want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
	// The others come later.
	s.mustReturn(t, sendBack(o, "MUG", 1))
}

func TestAReceiptIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	goods := s.mustReturn(t, sendBack(s.mustDeliver(t), "MUG", 2))
	for name, c := range map[string]struct {
		lines []order.ReceivedLine
		want  string
	}{
		"not announced": {[]order.ReceivedLine{{Item: order.Item{SKU: "PLATE", Quantity: 1}, Restock: true}}, "lines[0].sku"},
		"too many":      {[]order.ReceivedLine{{Item: order.Item{SKU: "MUG", Quantity: 3}, Restock: true}}, "lines[0].quantity"},
		"none of it":    {[]order.ReceivedLine{{Item: order.Item{SKU: "MUG"}, Restock: true}}, "lines[0].quantity"},
		"twice the same": {[]order.ReceivedLine{
			{Item: order.Item{SKU: "MUG", Quantity: 1}}, {Item: order.Item{SKU: "MUG", Quantity: 1}},
		}, "lines[1].sku"},
	} {
		req := received(goods)
		req.Came.Lines = c.lines
		if _, err := s.ReceiveReturn(t.Context(), req); !slices.Equal(violated(err), []string{c.want}) {
			t.Errorf("%s: %v, want a violation of %s", name, err, c.want)
		}
	}
}

func TestNoPieceIsPaidBackByARefundAndByAReturn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	first := refundOf(o, "first", true, order.Item{SKU: "MUG", Quantity: 1})
	for range 2 {
		given, err := s.RefundOrder(t.Context(), first)
		if err != nil || given.Refund.Amount.Amount != 1250+o.Totals.Shipping.Amount || !given.Refund.Shipping || !slices.Equal(given.Refund.Lines, first.Lines) {
			t.Fatalf("%+v, %v", given, err)
		}
	}
	req := received(s.mustReturn(t, sendBack(o, "MUG", 3)))
	req.Came.RefundShipping = true
	back, err := s.ReceiveReturn(t.Context(), req)
	if err != nil || back.RefundAmount.Amount != 2*1250 || back.RefundShipping {
		t.Errorf("%+v, %v, want two more mugs and no more shipping", back, err)
	}
	if _, err := s.RefundOrder(t.Context(), refundOf(o, "second", false, order.Item{SKU: "MUG", Quantity: 1})); !slices.Equal(violated(err), []string{"lines[0].quantity"}) {
		t.Errorf("a mug more: %v", err)
	}
	if got, want := s.refunded(o.ID), 3*1250+o.Totals.Shipping.Amount; got != want {
		t.Errorf("refunded %d, want %d", got, want)
	}
}

func TestARefundHasEitherAnAmountOrLines(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	mug := order.Item{SKU: "MUG", Quantity: 1}
	both := refundOf(o, "both", true, mug)
	both.Amount = new(money.New(1, "GBP"))
	for name, c := range map[string]struct {
		req  aftersales.RefundRequest
		want []string
	}{
		"neither":        {refundOf(o, "neither", false), []string{"amount", "lines"}},
		"shipping alone": {refundOf(o, "shipping", true), []string{"amount", "lines"}},
		"both":           {both, []string{"lines", "shipping"}},
		"a SKU twice":    {refundOf(o, "twice", false, mug, mug), []string{"lines[1].sku"}},
		"no pieces":      {refundOf(o, "none", false, order.Item{SKU: "MUG"}), []string{"lines[0].quantity"}},
		"a spoon":        {refundOf(o, "spoon", false, order.Item{SKU: "SPOON", Quantity: 1}), []string{"lines[0].sku"}},
	} {
		if _, err := s.RefundOrder(t.Context(), c.req); !slices.Equal(violated(err), c.want) {
			t.Errorf("%s: %v, want violations of %v", name, err, c.want)
		}
	}
	if _, err := s.RefundOrder(t.Context(), refundOf(o, "key", false, mug)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RefundOrder(t.Context(), refundOf(o, "key", true, mug)); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("the key with shipping: %v", err)
	}
}

// The version before writes no lines of refunds.
func TestARefundByTheVersionBeforePaysForTheLinesOfItsReturn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	if _, err := s.ReceiveReturn(t.Context(), received(s.mustReturn(t, sendBack(o, "MUG", 2)))); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "UPDATE refunds SET lines = NULL, actor_id = DEFAULT")
	if lines := s.mustGet(t, o.ID).Refunds[0].Lines; !slices.Equal(lines, []order.Item{{SKU: "MUG", Quantity: 2}}) {
		t.Errorf("it pays for %v", lines)
	}
	if _, err := s.RefundOrder(t.Context(), refundOf(o, "key", false, order.Item{SKU: "MUG", Quantity: 2})); !slices.Equal(violated(err), []string{"lines[0].quantity"}) {
		t.Errorf("two mugs of one that is left: %v", err)
	}
}

func TestReturnsThatAreNotUnderWayDoNotStopAnErasure(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, s *shop, goods order.ReturnView) error{
		"never received": func(*testing.T, *shop, order.ReturnView) error { return nil },
		"refused": func(t *testing.T, s *shop, goods order.ReturnView) error {
			_, err := s.RefuseReturn(t.Context(), staff, goods.ID, "worn by "+canary)
			return err
		},
		"withdrawn": func(t *testing.T, s *shop, goods order.ReturnView) error {
			_, err := s.WithdrawReturn(t.Context(), customer, goods.OrderID, goods.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			o := s.deliverCanary(t)
			back := sendBack(o, "MUG", 1)
			back.Reason = canary + " broke it"
			goods := s.mustReturn(t, back)
			if err := end(t, s, goods); err != nil {
				t.Fatal(err)
			}
			s.mustErase(t)
			if got := s.canaries(t); len(got) > 0 {
				t.Errorf("the canary is in %v", got)
			}
			// What comes after all is taken back.
			if _, err := s.ReceiveReturn(t.Context(), received(goods)); err != nil && name == "never received" {
				t.Error(err)
			}
		})
	}
}

func TestReturnsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	var all []string
	for range 5 {
		goods := s.mustReturn(t, sendBack(o, "MUG", 1))
		all = append([]string{goods.ID}, all...)
		if _, err := s.RefuseReturn(t.Context(), staff, goods.ID, "worn"); err != nil {
			t.Fatal(err)
		}
	}
	goods := s.mustReturn(t, sendBack(o, "MUG", 1))
	if _, err := s.ReceiveReturn(t.Context(), received(goods)); err != nil {
		t.Fatal(err)
	}
	refused, all := all, append([]string{goods.ID}, all...)
	// Returns of the same microsecond have an order, too.
	s.exec(t, "UPDATE returns SET created_at = date_trunc('hour', created_at)")
	for name, c := range map[string]struct {
		query orders.ReturnQuery
		want  []string
	}{
		"all": {orders.ReturnQuery{Limit: 2}, all}, "refused": {orders.ReturnQuery{Status: order.ReturnRefused, Limit: 2}, refused},
		"one page": {orders.ReturnQuery{}, all}, "refunded": {orders.ReturnQuery{Status: order.ReturnRefunded}, all[:1]},
		"requested": {orders.ReturnQuery{Status: order.ReturnRequested}, nil},
	} {
		if got := s.mustListReturns(t, c.query, o); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, q := range []orders.ReturnQuery{{Limit: 101}, {Limit: -1}, {Status: "lost"}} {
		if _, err := s.ListReturns(t.Context(), q); len(violated(err)) != 1 {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := s.ListReturns(t.Context(), orders.ReturnQuery{Cursor: "x"}); !errors.Is(err, orders.ErrBadCursor) {
		t.Errorf("bad cursor: %v", err)
	}
}

// mustListReturns lists all pages of a query. Every return is as the order shows it.
func (s *shop) mustListReturns(t *testing.T, q orders.ReturnQuery, o order.View) (ids []string) {
	t.Helper()
	shown := s.mustGet(t, o.ID).ReturnViews()
	for {
		page, err := s.ListReturns(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, goods := range page.Returns {
			ids = append(ids, goods.ID)
			if !slices.ContainsFunc(shown, func(other order.ReturnView) bool { return reflect.DeepEqual(goods, other) }) {
				t.Errorf("listed %+v, the order has %+v", goods, shown)
			}
		}
		if page.NextCursor == "" {
			return ids
		}
		q.Cursor = page.NextCursor
	}
}

func TestTheTimelineSaysWhoHasDispatched(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if got, want := actors(s.mustDeliver(t), 2), []string{"dispatched by " + staff, "delivered by "}; !slices.Equal(got, want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
}
