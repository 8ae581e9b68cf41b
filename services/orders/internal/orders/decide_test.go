package orders_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

func TestACancelledOrderGivesEverythingBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	cancelled, err := s.CancelOrder(t.Context(), customer, o.ID)
	if err != nil || cancelled.Status != order.StatusCancelled {
		t.Fatalf("%s, %v", cancelled.Status, err)
	}
	s.world.mustAgreeWith(t, cancelled)
	if s.world.Inventory.Left("MUG") != 10 || s.isDue(t, o.ID) {
		t.Errorf("mugs %d, due %v", s.world.Inventory.Left("MUG"), s.isDue(t, o.ID))
	}
	again, err := s.CancelOrder(t.Context(), customer, o.ID)
	if err != nil || len(again.Timeline) != 3 {
		t.Errorf("again: %+v, %v", again.Timeline, err)
	}
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); !errors.Is(err, order.ErrNotDispatchable) {
		t.Errorf("dispatch: %v", err)
	}
}

func TestADispatchedOrderIsPaidAndShippedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	for range 2 {
		fulfilled, err := s.DispatchOrder(t.Context(), staff, o.ID)
		if err != nil || fulfilled.Status != order.StatusFulfilled || fulfilled.Payment.Captured != o.Totals.Total {
			t.Fatalf("%s, captured %v, %v", fulfilled.Status, fulfilled.Payment.Captured, err)
		}
		if last := fulfilled.Timeline[len(fulfilled.Timeline)-1]; last.Detail != "Royal, tracking number RM1" || len(fulfilled.Timeline) != 3 {
			t.Errorf("timeline %+v", fulfilled.Timeline)
		}
		s.world.mustAgreeWith(t, fulfilled)
	}
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); !errors.Is(err, order.ErrNotCancellable) {
		t.Errorf("cancel: %v", err)
	}
}

func TestOnlyConfirmedOrdersAreDecidedAbout(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before authorize")
	pending := s.mustPlace(t, buy("pending", visa))
	s.world.setHook(nil)
	rejected := s.mustPlace(t, s.fromAnotherCart(buy("rejected", declined)))
	for _, o := range []order.View{pending, rejected} {
		if _, err := s.CancelOrder(t.Context(), customer, o.ID); !errors.Is(err, order.ErrNotCancellable) {
			t.Errorf("cancel %s: %v", o.Status, err)
		}
		if _, err := s.DispatchOrder(t.Context(), staff, o.ID); !errors.Is(err, order.ErrNotDispatchable) {
			t.Errorf("dispatch %s: %v", o.Status, err)
		}
	}
	if _, err := s.CancelOrder(t.Context(), "someone else", pending.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("someone else's: %v", err)
	}
	if _, err := s.DispatchOrder(t.Context(), staff, "7"); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("no id: %v", err)
	}
}

func TestStaffCancelAnOrderWithAReason(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	if _, err := s.CancelAnyOrder(t.Context(), staff, id, "a\x00"); !names("reason")(err) {
		t.Errorf("%v", err)
	}
	for range 2 { // again it is answered as it is
		o, err := s.CancelAnyOrder(t.Context(), staff, id, "damaged")
		if err != nil || o.Status != order.StatusCancelled {
			t.Fatalf("%s, %v", o.Status, err)
		}
		last := o.Timeline[len(o.Timeline)-2:]
		if last[0].Event != order.EventCancellationRequested || last[0].Detail != "damaged" || last[1].Event != order.EventCancelled {
			t.Errorf("timeline %+v", o.Timeline)
		}
	}
	s.world.mustAgreeWith(t, s.mustGet(t, id))
}

func TestADecisionGoesOnWhenThePeersAreAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	s.world.failing("before release")
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); !errors.Is(err, saga.ErrUnavailable) {
		t.Fatalf("cancel: %v, want unavailable", err)
	}
	if !s.isDue(t, o.ID) {
		t.Fatal("nobody will carry it out")
	}
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); !errors.Is(err, order.ErrNotDispatchable) {
		t.Errorf("dispatch in the middle of a cancellation: %v", err)
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

func TestCancelAndDispatchExcludeEachOther(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	for i := range 20 {
		s := shopOn(t, base.pool, base.settings)
		req := buy("race", visa)
		req.CustomerID = string(rune('a' + i))
		o := s.mustPlace(t, req)
		var errs [4]error
		var group sync.WaitGroup
		for n := range errs {
			group.Go(func() {
				if n%2 == 0 {
					_, errs[n] = s.CancelOrder(t.Context(), req.CustomerID, o.ID)
				} else {
					_, errs[n] = s.DispatchOrder(t.Context(), staff, o.ID)
				}
			})
		}
		group.Wait()
		saved := s.mustGet(t, o.ID)
		s.world.mustAgreeWith(t, saved)
		won, lost, refusal := 0, 1, order.ErrNotDispatchable
		if saved.Status == order.StatusFulfilled {
			won, lost, refusal = 1, 0, order.ErrNotCancellable
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
	o := s.mustConfirm(t)
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
		t.Fatal(err)
	}
	track := func() {
		t.Helper()
		if err := s.FollowParcels(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	track()
	if got := s.mustGet(t, o.ID).Status; got != order.StatusFulfilled {
		t.Errorf("order is %s while its parcel travels", got)
	}
	s.world.move(o.ID, order.EventDelivered)
	track()
	track()
	delivered := s.mustGet(t, o.ID)
	if delivered.Status != order.StatusDelivered || len(delivered.Timeline) != 4 {
		t.Errorf("order is %s, timeline %+v", delivered.Status, delivered.Timeline)
	}
	if again, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil || again.Status != order.StatusDelivered {
		t.Errorf("dispatch again: %s, %v", again.Status, err)
	}
}

func TestTheMovesOfAParcelAreInTheTimelineOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
		t.Fatal(err)
	}
	look := func() (events []order.Event, version int64) {
		if err := s.FollowParcels(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := s.mustGet(t, o.ID)
		for _, entry := range r.Timeline[3:] {
			events = append(events, entry.Event)
		}
		versions, err := s.store.Versions(t.Context(), []string{o.ID})
		if err != nil {
			t.Fatal(err)
		}
		return events, versions[o.ID]
	}
	s.world.move(o.ID, order.EventInTransit)
	first, version := look()
	if !slices.Equal(first, []order.Event{order.EventInTransit}) {
		t.Errorf("timeline %q, want a parcel in transit", first)
	}
	if again, same := look(); len(again) != 1 || same != version {
		t.Errorf("timeline %q of version %d after a look that found nothing new, want version %d", again, same, version)
	}
	s.world.move(o.ID, order.EventOutForDelivery, order.EventDelivered)
	all, _ := look()
	if !slices.Equal(all, []order.Event{order.EventInTransit, order.EventOutForDelivery, order.EventDelivered}) {
		t.Errorf("timeline %q, want all moves in their order", all)
	}
	if got := s.mustGet(t, o.ID).Status; got != order.StatusDelivered {
		t.Errorf("order is %s, want delivered", got)
	}
}
