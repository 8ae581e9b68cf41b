package orders_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"souk/services/orders/internal/orders"
)

func TestACancelledOrderGivesEverythingBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	cancelled, err := s.CancelOrder(t.Context(), customer, order.ID)
	if err != nil || cancelled.Status != orders.StatusCancelled {
		t.Fatalf("%s, %v", cancelled.Status, err)
	}
	s.world.mustAgreeWith(t, cancelled)
	if s.world.stock["MUG"] != 10 || s.isDue(t, order.ID) {
		t.Errorf("mugs %d, due %v", s.world.stock["MUG"], s.isDue(t, order.ID))
	}
	again, err := s.CancelOrder(t.Context(), customer, order.ID)
	if err != nil || len(again.Timeline) != 3 {
		t.Errorf("again: %+v, %v", again.Timeline, err)
	}
	if _, err := s.DispatchOrder(t.Context(), order.ID); !errors.Is(err, orders.ErrNotDispatchable) {
		t.Errorf("dispatch: %v", err)
	}
}

func TestADispatchedOrderIsPaidAndShippedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	for range 2 {
		fulfilled, err := s.DispatchOrder(t.Context(), order.ID)
		if err != nil || fulfilled.Status != orders.StatusFulfilled || fulfilled.Payment.Captured != order.Totals.Total {
			t.Fatalf("%s, captured %v, %v", fulfilled.Status, fulfilled.Payment.Captured, err)
		}
		if last := fulfilled.Timeline[len(fulfilled.Timeline)-1]; last.Detail != "Royal, tracking number RM1" || len(fulfilled.Timeline) != 3 {
			t.Errorf("timeline %+v", fulfilled.Timeline)
		}
		s.world.mustAgreeWith(t, fulfilled)
	}
	if _, err := s.CancelOrder(t.Context(), customer, order.ID); !errors.Is(err, orders.ErrNotCancellable) {
		t.Errorf("cancel: %v", err)
	}
}

func TestOnlyConfirmedOrdersAreDecidedAbout(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before authorize")
	pending := s.mustPlace(t, buy("pending", visa))
	s.world.setHook(nil)
	rejected := s.mustPlace(t, buy("rejected", declined))
	for _, order := range []orders.Order{pending, rejected} {
		if _, err := s.CancelOrder(t.Context(), customer, order.ID); !errors.Is(err, orders.ErrNotCancellable) {
			t.Errorf("cancel %s: %v", order.Status, err)
		}
		if _, err := s.DispatchOrder(t.Context(), order.ID); !errors.Is(err, orders.ErrNotDispatchable) {
			t.Errorf("dispatch %s: %v", order.Status, err)
		}
	}
	if _, err := s.CancelOrder(t.Context(), "someone else", pending.ID); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("someone else's: %v", err)
	}
	if _, err := s.DispatchOrder(t.Context(), "7"); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("no id: %v", err)
	}
}

func TestMoneyThatIsGoneStopsADispatch(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	s.world.payments[order.ID].status = "voided" // as a bank does after a while
	if _, err := s.DispatchOrder(t.Context(), order.ID); !errors.Is(err, orders.ErrNotDispatchable) {
		t.Errorf("dispatch: %v", err)
	}
	if s.isDue(t, order.ID) {
		t.Error("the order is still due")
	}
	if cancelled, err := s.CancelOrder(t.Context(), customer, order.ID); err != nil || cancelled.Status != orders.StatusCancelled {
		t.Errorf("cancel: %s, %v", cancelled.Status, err)
	}
}

func TestADecisionGoesOnWhenThePeersAreAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	s.world.failing("before release")
	if _, err := s.CancelOrder(t.Context(), customer, order.ID); !errors.Is(err, orders.ErrUnavailable) {
		t.Fatalf("cancel: %v, want unavailable", err)
	}
	if !s.isDue(t, order.ID) {
		t.Fatal("nobody will carry it out")
	}
	if _, err := s.DispatchOrder(t.Context(), order.ID); !errors.Is(err, orders.ErrNotDispatchable) {
		t.Errorf("dispatch in the middle of a cancellation: %v", err)
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	s.world.mustAgreeWith(t, s.mustGet(t, order.ID))
}

func TestCancelAndDispatchExcludeEachOther(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	for i := range 20 {
		s := shopOn(t, base.pool, base.settings)
		req := buy("race", visa)
		req.CustomerID = string(rune('a' + i))
		order := s.mustPlace(t, req)
		var errs [4]error
		var group sync.WaitGroup
		for n := range errs {
			group.Go(func() {
				if n%2 == 0 {
					_, errs[n] = s.CancelOrder(t.Context(), req.CustomerID, order.ID)
				} else {
					_, errs[n] = s.DispatchOrder(t.Context(), order.ID)
				}
			})
		}
		group.Wait()
		saved := s.mustGet(t, order.ID)
		s.world.mustAgreeWith(t, saved)
		won, lost, refusal := 0, 1, orders.ErrNotDispatchable
		if saved.Status == orders.StatusFulfilled {
			won, lost, refusal = 1, 0, orders.ErrNotCancellable
		}
		for n := 0; n < len(errs); n += 2 {
			if errs[won+n] != nil || !errors.Is(errs[lost+n], refusal) {
				t.Errorf("order is %s: cancel and dispatch answered %v", saved.Status, errs)
			}
		}
	}
}

func TestFulfilledOrdersAreDeliveredWhenTheirParcelsArrive(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	if _, err := s.DispatchOrder(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	track := func() {
		t.Helper()
		if err := s.FollowParcels(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	track()
	if got := s.mustGet(t, order.ID).Status; got != orders.StatusFulfilled {
		t.Errorf("order is %s while its parcel travels", got)
	}
	s.world.arrived[order.ID] = true
	track()
	track()
	delivered := s.mustGet(t, order.ID)
	if delivered.Status != orders.StatusDelivered || len(delivered.Timeline) != 4 {
		t.Errorf("order is %s, timeline %+v", delivered.Status, delivered.Timeline)
	}
	if again, err := s.DispatchOrder(t.Context(), order.ID); err != nil || again.Status != orders.StatusDelivered {
		t.Errorf("dispatch again: %s, %v", again.Status, err)
	}
}

func TestTheMovesOfAParcelAreInTheTimelineOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	order := s.mustConfirm(t)
	if _, err := s.DispatchOrder(t.Context(), order.ID); err != nil {
		t.Fatal(err)
	}
	look := func() (events []orders.Event, version int64) {
		if err := s.FollowParcels(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := s.mustGet(t, order.ID)
		for _, entry := range r.Timeline[3:] {
			events = append(events, entry.Event)
		}
		versions, err := s.store.Versions(t.Context(), []string{order.ID})
		if err != nil {
			t.Fatal(err)
		}
		return events, versions[order.ID]
	}
	s.world.moves[order.ID] = []orders.Event{orders.EventInTransit}
	first, version := look()
	if !slices.Equal(first, []orders.Event{orders.EventInTransit}) {
		t.Errorf("timeline %q, want a parcel in transit", first)
	}
	if again, same := look(); len(again) != 1 || same != version {
		t.Errorf("timeline %q of version %d after a look that found nothing new, want version %d", again, same, version)
	}
	s.world.moves[order.ID] = []orders.Event{orders.EventInTransit, orders.EventOutForDelivery}
	s.world.arrived[order.ID] = true
	all, _ := look()
	if !slices.Equal(all, []orders.Event{orders.EventInTransit, orders.EventOutForDelivery, orders.EventDelivered}) {
		t.Errorf("timeline %q, want all moves in their order", all)
	}
	if got := s.mustGet(t, order.ID).Status; got != orders.StatusDelivered {
		t.Errorf("order is %s, want delivered", got)
	}
}
