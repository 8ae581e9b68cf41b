package orders_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/platform/security"
	"souk/testkit/securitytest"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

const staff = "0198a000-0000-7000-8000-00000000000d"

// mustDeliver places an order and takes it to its customer.
func (s *shop) mustDeliver(t *testing.T) order.View {
	t.Helper()
	o := s.mustConfirm(t)
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.move(o.ID, order.EventDelivered)
	if err := s.FollowParcels(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.mustGet(t, o.ID)
}

// sendBack is a request to return pieces of a SKU.
func sendBack(o order.View, sku string, quantity int64) aftersales.ReturnRequest {
	return aftersales.ReturnRequest{
		CustomerID: o.CustomerID, OrderID: o.ID, Lines: []order.Item{{SKU: sku, Quantity: quantity}}, Reason: "broken",
	}
}

// received tells that all of a return has come.
func received(goods order.ReturnView) aftersales.ReceiveRequest {
	return aftersales.ReceiveRequest{StaffID: staff, ReturnID: goods.ID}
}

func (s *shop) mustReturn(t *testing.T, req aftersales.ReturnRequest) order.ReturnView {
	t.Helper()
	goods, err := s.RequestReturn(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return goods
}

func pay(o order.View, key string, amount int64) aftersales.RefundRequest {
	return aftersales.RefundRequest{
		StaffID: staff, IdempotencyKey: key, OrderID: o.ID, Amount: new(money.New(amount, "GBP")), Reason: "sorry",
	}
}

func (s *shop) refunded(orderID string) int64 {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	return s.world.Payments.Bank[orderID].Refunded()
}

func TestReturnedGoodsAreRestockedAndRefunded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	goods := s.mustReturn(t, sendBack(o, "MUG", 2))
	if goods.Status != order.ReturnRequested || goods.Amount != money.New(2*1250, "GBP") {
		t.Fatalf("return %+v", goods)
	}
	for range 2 {
		back, err := s.ReceiveReturn(t.Context(), received(goods))
		if err != nil || back.OrderID != o.ID || back.Status != order.ReturnRefunded || *back.RefundAmount != goods.Amount {
			t.Fatalf("%+v, %v", back, err)
		}
	}
	saved := s.mustGet(t, o.ID)
	if saved.Payment.Refunded != goods.Amount || s.refunded(o.ID) != goods.Amount.Amount || s.world.Inventory.Left("MUG") != 9 {
		t.Errorf("refunded %v here, %d there; %d mugs", saved.Payment.Refunded, s.refunded(o.ID), s.world.Inventory.Left("MUG"))
	}
	var events []order.Event
	for _, entry := range saved.Timeline {
		events = append(events, entry.Event)
	}
	want := []order.Event{"placed", "confirmed", "dispatched", "delivered", "return_requested", "return_received", "refunded"}
	if !reflect.DeepEqual(events, want) || s.isDue(t, o.ID) {
		t.Errorf("timeline %v, due %v", events, s.isDue(t, o.ID))
	}
	if len(saved.Refunds) != 1 || saved.Refunds[0].ReturnID != goods.ID || saved.Refunds[0].Status != order.RefundSucceeded {
		t.Errorf("refunds %+v", saved.Refunds)
	}
}

func TestNoMoreComesBackThanWasBought(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	granted := 0
	for range 8 {
		group.Go(func() {
			_, err := s.RequestReturn(t.Context(), sendBack(o, "MUG", 1))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				granted++
			} else if !errors.Is(err, order.ErrNotReturnable) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if saved := s.mustGet(t, o.ID); granted != 3 || len(saved.Returns) != 3 {
		t.Errorf("%d returns granted, %d saved, want 3", granted, len(saved.Returns))
	}
}

func TestReturnsAreChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	confirmed := s.mustConfirm(t)
	if _, err := s.RequestReturn(t.Context(), sendBack(confirmed, "MUG", 1)); !errors.Is(err, order.ErrNotReturnable) {
		t.Errorf("before it is delivered: %v", err)
	}
	stranger := sendBack(confirmed, "MUG", 1)
	stranger.CustomerID = "stranger"
	if _, err := s.RequestReturn(t.Context(), stranger); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("someone else's: %v", err)
	}
	if _, err := s.ReceiveReturn(t.Context(), aftersales.ReceiveRequest{ReturnID: confirmed.ID}); !errors.Is(err, order.ErrReturnNotFound) {
		t.Errorf("no such return: %v", err)
	}
	bad := aftersales.ReturnRequest{CustomerID: customer, OrderID: confirmed.ID, Lines: []order.Item{{SKU: "MUG"}, {SKU: "MUG", Quantity: 1}}}
	var invalid *field.Error
	if _, err := s.RequestReturn(t.Context(), bad); !errors.As(err, &invalid) || len(invalid.Violations) != 3 {
		t.Errorf("bad lines and no reason: %v", err)
	}
}

func TestASKUThatIsNotInTheOrderIsNamed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	var invalid *field.Error
	_, err := s.RequestReturn(t.Context(), sendBack(o, "SPOON", 1))
	if !errors.As(err, &invalid) || invalid.Violations[0].Field != "lines[0].sku" {
		t.Errorf("%v", err)
	}
}

func TestAReturnGoesOnByItselfWhenPaymentsIsAway(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	o := s.mustDeliver(t)
	goods := s.mustReturn(t, sendBack(o, "PLATE", 2))
	s.world.failing("after refund")
	back, err := s.ReceiveReturn(t.Context(), received(goods))
	if err != nil || back.Status != order.ReturnReceived || !s.isDue(t, o.ID) {
		t.Fatalf("%+v, %v, due %v", back, err, s.isDue(t, o.ID))
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	saved := s.mustGet(t, o.ID)
	if saved.Returns[0].Status != order.ReturnRefunded || s.refunded(o.ID) != 2*999 || s.world.Inventory.Left("PLATE") != 10 {
		t.Errorf("%+v, refunded %d, %d plates", saved.Returns[0], s.refunded(o.ID), s.world.Inventory.Left("PLATE"))
	}
}

func TestARefundIsASecurityEventOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	ctx, events := securitytest.Record(t.Context(), t)
	for range 2 {
		if _, err := s.RefundOrder(ctx, pay(o, "once", 500)); err != nil {
			t.Fatal(err)
		}
	}
	if event := events.Expect(t, security.RefundDecided, o.ID); !strings.Contains(event.Line, "5.00 GBP") {
		t.Errorf("%s, want the amount", event.Line)
	}
}

func TestARefundIsGivenOnceForEachKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	ids, first := map[string]bool{}, 0
	for range 16 {
		group.Go(func() {
			given, err := s.RefundOrder(t.Context(), pay(o, "once", 500))
			for errors.Is(err, idempotency.ErrInProgress) {
				given, err = s.RefundOrder(t.Context(), pay(o, "once", 500))
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[given.Refund.ID] = true
			if !given.Replayed {
				first++
			}
		})
	}
	group.Wait()
	if len(ids) != 1 || first != 1 || s.refunded(o.ID) != 500 {
		t.Errorf("%d refunds, %d first answers, %d given back", len(ids), first, s.refunded(o.ID))
	}
	if _, err := s.RefundOrder(t.Context(), pay(o, "once", 501)); !errors.Is(err, idempotency.ErrReused) {
		t.Errorf("another amount: %v", err)
	}
}

func TestRefundsNeverExceedWhatWasCaptured(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	total := o.Totals.Total.Amount
	goods := s.mustReturn(t, sendBack(o, "MUG", 3))
	if _, err := s.RefundOrder(t.Context(), pay(o, "most", total-1000)); err != nil {
		t.Fatal(err)
	}
	var invalid *field.Error
	if _, err := s.RefundOrder(t.Context(), pay(o, "more", 1001)); !errors.As(err, &invalid) || invalid.Violations[0].Field != "amount" {
		t.Errorf("more than is left: %v", err)
	}
	// The goods are worth more than what is left of the money.
	if back, err := s.ReceiveReturn(t.Context(), received(goods)); err != nil || back.Status != order.ReturnRefunded {
		t.Fatalf("%+v, %v", back, err)
	}
	if saved := s.mustGet(t, o.ID); saved.Payment.Refunded != saved.Payment.Captured || s.refunded(o.ID) != total {
		t.Errorf("refunded %v here, %d there, want %d", saved.Payment.Refunded, s.refunded(o.ID), total)
	}
	if _, err := s.RefundOrder(t.Context(), pay(o, "penny", 1)); !errors.As(err, &invalid) {
		t.Errorf("when nothing is left: %v", err)
	}
}

func TestMoneyThatWasNotTakenIsNotRefunded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	var invalid *field.Error
	if _, err := s.RefundOrder(t.Context(), pay(o, "early", 1)); !errors.As(err, &invalid) {
		t.Errorf("%v", err)
	}
}

func TestARefundThatPaymentsRefusesHasFailed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	s.world.Payments.RefusesRefunds = true
	given, err := s.RefundOrder(t.Context(), pay(o, "refused", 100))
	if err != nil || given.Refund.Status != order.RefundFailed {
		t.Fatalf("%+v, %v", given, err)
	}
	s.world.Payments.RefusesRefunds = false
	// It holds nothing back.
	if _, err := s.RefundOrder(t.Context(), pay(o, "all", o.Totals.Total.Amount)); err != nil {
		t.Error(err)
	}
}

func TestAPendingRefundIsAnsweredTheSameForEver(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 100 * time.Millisecond, Hold: time.Minute})
	o := s.mustDeliver(t)
	s.world.failing("before refund")
	given, err := s.RefundOrder(t.Context(), pay(o, "slow", 100))
	if err != nil || given.Refund.Status != order.RefundPending || !s.isDue(t, o.ID) {
		t.Fatalf("%+v, %v", given, err)
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	again, err := s.RefundOrder(t.Context(), pay(o, "slow", 100))
	if err != nil || !again.Replayed || !reflect.DeepEqual(again.Refund, given.Refund) {
		t.Errorf("%+v, %v, want %+v", again, err, given)
	}
	if saved := s.mustGet(t, o.ID); saved.Refunds[0].Status != order.RefundSucceeded {
		t.Errorf("refund is %s", saved.Refunds[0].Status)
	}
}

func TestAReturnOrRefundKilledAnywhereIsCarriedOut(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	// fresh is a process with a world of its own, and an order with a return that waits for its goods.
	fresh := func(key string) (*shop, order.View, order.ReturnView) {
		s := shopOn(t, base.pool, base.settings)
		req := buy(key, visa)
		req.CustomerID = key
		o := s.mustPlace(t, req)
		if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
			t.Fatal(err)
		}
		s.exec(t, "UPDATE orders SET status = 'delivered' WHERE id = $1", o.ID)
		return s, o, s.mustReturn(t, sendBack(o, "MUG", 1))
	}
	for name, work := range map[string]struct {
		do     func(ctx context.Context, s *shop, o order.View, goods order.ReturnView) error
		points int
		want   int64
		mugs   int64
	}{
		"return": {func(ctx context.Context, s *shop, _ order.View, goods order.ReturnView) error {
			_, err := s.ReceiveReturn(ctx, received(goods))
			return err
		}, 8, 1250, 8},
		"refund": {func(ctx context.Context, s *shop, o order.View, _ order.ReturnView) error {
			_, err := s.RefundOrder(ctx, pay(o, o.ID, 700))
			if errors.Is(err, idempotency.ErrInProgress) {
				return nil
			}
			return err
		}, 6, 700, 7},
	} {
		s, o, goods := fresh(name)
		points := s.points(t, func(ctx context.Context) { _ = work.do(ctx, s, o, goods) })
		if len(points) != work.points {
			t.Fatalf("%s: points %q, want %d", name, points, work.points)
		}
		for i, point := range points {
			s, o, goods := fresh(fmt.Sprint(name, i))
			n := -1
			s.killed(t, func(string) bool { n++; return n == i }, func(ctx context.Context) { _ = work.do(ctx, s, o, goods) })
			if err := s.Advance(t.Context(), o.ID); err != nil {
				t.Fatalf("%s, %s: %v", name, point, err)
			}
			if err := work.do(t.Context(), s, o, goods); err != nil {
				t.Errorf("%s, %s: again: %v", name, point, err)
			}
			saved := s.mustGet(t, o.ID)
			if saved.Payment.Refunded.Amount != work.want || s.refunded(o.ID) != work.want || s.world.Inventory.Left("MUG") != work.mugs {
				t.Errorf("%s, %s: refunded %v here, %d there; %d mugs", name, point, saved.Payment.Refunded, s.refunded(o.ID), s.world.Inventory.Left("MUG"))
			}
			if s.isDue(t, o.ID) {
				t.Errorf("%s, %s: the order is still due", name, point)
			}
		}
	}
}
