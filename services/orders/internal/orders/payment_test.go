package orders_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
	"souk/services/orders/internal/postgres"
	"souk/services/orders/internal/saga"
)

// atBank has something happen to the money of an order at the bank, and payments learn of it.
func (s *shop) atBank(t *testing.T, orderID string, happens func(*peerstest.Charge) bool) {
	t.Helper()
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	if !happens(s.world.Payments.Bank[orderID]) {
		t.Fatal("nothing happened at the bank")
	}
	s.world.Payments.Follow(orderID)
}

func (s *shop) mustFollowPayments(t *testing.T) {
	t.Helper()
	if err := s.FollowPayments(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// mustEnd follows payments and does the work that comes of it.
func (s *shop) mustEnd(t *testing.T, orderID string) order.View {
	t.Helper()
	s.mustFollowPayments(t)
	if err := s.Advance(t.Context(), orderID); err != nil {
		t.Fatal(err)
	}
	return s.mustGet(t, orderID)
}

func (s *shop) newsWaiting(t *testing.T) []string {
	t.Helper()
	waiting, err := s.store.WaitingPayments(t.Context(), uuid.Nil.String(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return waiting
}

func eventsOf(o order.View) (events []order.Event) {
	for _, entry := range o.Timeline {
		events = append(events, entry.Event)
	}
	return events
}

func TestAnOrderWhoseMoneyWasLetGoIsCancelled(t *testing.T) {
	t.Parallel()
	for event, happens := range map[order.Event]func(*peerstest.Charge) bool{
		order.EventPaymentExpired: (*peerstest.Charge).Expire, order.EventPaymentVoided: (*peerstest.Charge).Void,
	} {
		s := newShop(t)
		o := s.mustConfirm(t)
		s.mustFollowPayments(t)
		s.atBank(t, o.ID, happens)
		o = s.mustEnd(t, o.ID)
		want := []order.Event{order.EventPlaced, order.EventConfirmed, event, order.EventCancelled}
		if o.Status != order.StatusCancelled || !slices.Equal(eventsOf(o), want) {
			t.Errorf("order is %s, events %q; want %q", o.Status, eventsOf(o), want)
		}
		s.world.mustAgreeWith(t, o)
	}
}

func TestAnOrderCapturedAtTheBankCanBeDispatchedOrCancelled(t *testing.T) {
	t.Parallel()
	capture := func(c *peerstest.Charge) bool { return c.Capture(c.Amount) }
	s := newShop(t)
	o := s.mustConfirm(t)
	s.mustFollowPayments(t)
	s.atBank(t, o.ID, capture)
	s.mustFollowPayments(t)
	dispatched, err := s.DispatchOrder(t.Context(), staff, o.ID)
	if err != nil || dispatched.Payment.Captured != o.Totals.Total {
		t.Errorf("dispatch: %+v, %v", dispatched.Payment, err)
	}

	s = newShop(t)
	o = s.mustConfirm(t)
	s.world.mu.Lock()
	capture(s.world.Payments.Bank[o.ID]) // payments does not know yet
	s.world.mu.Unlock()
	cancelled, err := s.CancelOrder(t.Context(), customer, o.ID)
	if err != nil || cancelled.Status != order.StatusCancelled || cancelled.Payment.Refunded != o.Totals.Total {
		t.Fatalf("cancel: %s, %+v, %v", cancelled.Status, cancelled.Payment, err)
	}
	want := []order.Event{order.EventPlaced, order.EventConfirmed, order.EventPaymentCaptured, order.EventRefunded, order.EventCancelled}
	if !slices.Equal(eventsOf(cancelled), want) {
		t.Errorf("events %q, want %q", eventsOf(cancelled), want)
	}
	if c := s.world.Payments.Bank[o.ID]; c.Refunded() != c.Amount || s.isDue(t, o.ID) {
		t.Errorf("the bank gave %d back, due %t", c.Refunded(), s.isDue(t, o.ID))
	}
}

func TestARejectedOrderCapturedAtTheBankIsRefunded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("after authorize")
	o := s.mustPlace(t, buy("key", visa))
	s.world.mu.Lock()
	c := s.world.Payments.Bank[o.ID]
	c.Capture(c.Amount)
	s.world.mu.Unlock()
	s.exec(t, "UPDATE orders SET hold_until = now() - interval '1 hour'")
	s.world.mu.Lock()
	s.world.Inventory.Sweep()
	s.world.Inventory.Reservations[o.ID].Status = peerstest.Expired
	s.world.mu.Unlock()
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	o = s.mustGet(t, o.ID)
	if o.Status != order.StatusRejected || o.Payment.Refunded != o.Totals.Total || c.Refunded() != c.Amount {
		t.Errorf("order is %s with %+v, the bank gave %d back", o.Status, o.Payment, c.Refunded())
	}
}

func TestRefundsAtTheBankAreFollowed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	s.mustFollowPayments(t)
	s.atBank(t, o.ID, func(c *peerstest.Charge) bool { return c.Give(700) })
	o = s.mustEnd(t, o.ID)
	if len(o.Refunds) != 1 || o.Payment.Refunded.Amount != 700 {
		t.Errorf("refunds %+v, payment %+v", o.Refunds, o.Payment)
	}
	s.atBank(t, o.ID, (*peerstest.Charge).FailRefund)
	o = s.mustEnd(t, o.ID)
	if o.Refunds[0].Status != order.RefundFailed || o.Payment.Refunded.Amount != 0 || s.attention(t, o.ID) != "{refund_failed}" {
		t.Errorf("refunds %+v, payment %+v, attention %s", o.Refunds, o.Payment, s.attention(t, o.ID))
	}
	again, err := s.RefundOrder(t.Context(), pay(o, "again", 700))
	if err != nil || again.Refund.Status != order.RefundSucceeded || s.attention(t, o.ID) != "{}" {
		t.Errorf("%+v, %v, attention %s", again, err, s.attention(t, o.ID))
	}
}

func (s *shop) attention(t *testing.T, orderID string) (attention string) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), "SELECT attention::text FROM orders WHERE id = $1", orderID).Scan(&attention); err != nil {
		t.Fatal(err)
	}
	return attention
}

// While an order is being cancelled, news of its payment would make the two disturb each other.
func TestNewsOfAPaymentWaitsForADecision(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.mustFollowPayments(t)
	s.world.failing("before void")
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); !errors.Is(err, saga.ErrUnavailable) {
		t.Fatal(err)
	}
	s.world.setHook(nil)
	s.atBank(t, o.ID, (*peerstest.Charge).Expire)
	s.mustFollowPayments(t)
	if waiting := s.newsWaiting(t); !slices.Equal(waiting, []string{o.ID}) {
		t.Fatalf("waiting %q", waiting)
	}
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	if s.mustFollowPayments(t); len(s.newsWaiting(t)) > 0 {
		t.Errorf("waiting %q", s.newsWaiting(t))
	}
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

// The process dies at each point of a round, and another one goes on.
func TestARoundOfPaymentsKilledAnywhereAppliesEachChangeOnce(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	round := func(s *shop) func(context.Context) {
		return func(ctx context.Context) { _ = s.FollowPayments(ctx) }
	}
	prepare := func(key string) (s *shop, ids []string) {
		s = shopOn(t, base.pool, base.settings)
		base.exec(t, "UPDATE payment_feed SET position = ''")
		s.mustFollowPayments(t)
		for _, n := range []string{" 1", " 2"} {
			id := s.mustDispatch(t, key+n).ID
			ids = append(ids, id)
			s.mustFollowPayments(t)
			s.atBank(t, id, func(c *peerstest.Charge) bool { return c.Give(100) })
		}
		return s, ids
	}
	whole, _ := prepare("whole")
	points := whole.points(t, round(whole))
	if len(points) == 0 {
		t.Fatal("nothing happens in a round")
	}
	for i := range points {
		s, ids := prepare(fmt.Sprint(i))
		seen := 0
		s.killed(t, func(string) bool { seen++; return seen == i+1 }, round(s))
		s.mustFollowPayments(t)
		for _, id := range ids {
			if o := s.mustGet(t, id); len(o.Refunds) != 1 || o.Payment.Refunded.Amount != 100 {
				t.Errorf("killed at %q (%d): refunds %+v, payment %+v", points[i], i, o.Refunds, o.Payment)
			}
		}
	}
}

func TestReplicasFollowPaymentsAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.mustFollowPayments(t)
	var ids []string
	for n := range 6 {
		id := s.mustDispatch(t, fmt.Sprint(n)).ID
		ids = append(ids, id)
		for range 3 {
			s.atBank(t, id, func(c *peerstest.Charge) bool { return c.Give(100) })
		}
	}
	other := &shop{world: s.world, pool: s.pool, settings: s.settings, store: s.store}
	other.Service = orders.New(s.store, s.world.Peers(s.world.carry), s.settings, slog.New(slog.DiscardHandler))
	var both sync.WaitGroup
	for _, replica := range []*shop{s, other} {
		both.Go(func() { replica.mustFollowPayments(t) })
	}
	both.Wait()
	s.mustFollowPayments(t)
	for _, id := range ids {
		if o := s.mustGet(t, id); len(o.Refunds) != 3 || o.Payment.Refunded.Amount != 300 {
			t.Errorf("refunds %+v, payment %+v", o.Refunds, o.Payment)
		}
	}
}

// Payments does not know the position: at first, or after its database was restored.
func TestAnUnknownPositionHasAllPaymentsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.mustFollowPayments(t)
	var ids []string
	for n := range 3 {
		ids = append(ids, s.mustDispatch(t, fmt.Sprint(n)).ID)
	}
	s.atBank(t, ids[1], func(c *peerstest.Charge) bool { return c.Give(100) })
	s.world.mu.Lock()
	s.world.Payments.ForgetPositions()
	s.world.mu.Unlock()
	s.mustFollowPayments(t)
	if refunded := s.mustGet(t, ids[1]).Payment.Refunded.Amount; refunded != 100 {
		t.Errorf("refunded %d", refunded)
	}
	s.world.calls = nil
	s.mustFollowPayments(t)
	if slices.Contains(s.world.calls, "list payments") {
		t.Errorf("asked again: %q", s.world.calls)
	}
}

// A round in a shop with many orders, whose payments rest.
func TestPaymentsThatRestCostNothing(t *testing.T) {
	t.Parallel()
	const many = 30_000
	s := newShop(t)
	s.exec(t, copyOrder, many, s.mustDispatch(t, "copied").ID)
	s.mustFollowPayments(t)
	s.exec(t, "VACUUM ANALYZE orders")
	round := func(single *pgxpool.Pool) {
		t.Helper()
		replica := orders.New(postgres.New(single, s.settings.DueAfter()), s.world.Peers(s.world.carry), s.settings, slog.New(slog.DiscardHandler))
		if err := replica.FollowPayments(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.world.calls = nil
	spent := pgtest.Measure(t, s.pool, round)
	t.Logf("measured: a round with %d orders writes %d rows, reads %d blocks, and makes %d calls", many, spent.Rows, spent.Blocks, len(s.world.calls))
	if spent.Rows != 0 || spent.Blocks > 20 || len(s.world.calls) != 1 {
		t.Errorf("%+v, calls %q", spent, s.world.calls)
	}
}
