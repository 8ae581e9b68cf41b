package orders_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// finishingAbandoned has the shop go on with orders whose callers left, until the test ends.
func (s *shop) finishingAbandoned(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.FinishAbandoned(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
}

// leaving returns a context whose caller leaves at a point of the work done with it.
func (s *shop) leaving(t *testing.T, at string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.world.setHook(func(_ context.Context, point string) error {
		if point == at {
			cancel()
		}
		return nil
	})
	return ctx
}

func TestAnOrderWhoseCallerLeftIsGoneOnWithAtOnce(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"before reserve", "before authorize", "after authorize", "before save"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := newShopWith(t, orders.Settings{Inline: time.Minute, Hold: time.Hour})
			if placement, err := s.PlaceOrder(s.leaving(t, point), buy("gone", visa)); !errors.Is(err, context.Canceled) {
				t.Fatalf("answered %s to nobody: %v", placement.Order.Status, err)
			}
			id := s.ids(t, customer)[0]
			if o := s.mustGet(t, id); o.Status != order.StatusPending {
				t.Errorf("the request went on to %s with nobody waiting", o.Status)
			}
			s.finishingAbandoned(t)
			eventually(t, "it is confirmed", func() bool { return s.mustGet(t, id).Status == order.StatusConfirmed })
			s.world.mustAgreeWith(t, s.mustGet(t, id))
			placement, err := s.PlaceOrder(t.Context(), buy("gone", visa))
			if err != nil || placement.Order.Status != order.StatusConfirmed || !placement.Replayed {
				t.Errorf("asked again: %v, %s", err, placement.Order.Status)
			}
		})
	}
}

func TestADecisionWhoseCallerLeftIsCarriedOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	if _, err := s.CancelOrder(s.leaving(t, "after save"), customer, o.ID); err == nil {
		t.Fatal("nobody was there to be answered")
	}
	s.finishingAbandoned(t)
	eventually(t, "it is cancelled", func() bool { return s.mustGet(t, o.ID).Status == order.StatusCancelled })
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

func TestMoreAbandonedOrdersThanCanWaitAreFinishedWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	// Nothing finishes abandoned orders here. Each call makes the same decision and abandons the order.
	for range 300 {
		if _, err := s.CancelOrder(s.leaving(t, "before void"), customer, o.ID); err == nil {
			t.Fatal("nobody was there to be answered")
		}
	}
	if !s.isDue(t, o.ID) {
		t.Error("nobody will finish the order")
	}
	s.world.setHook(nil)
	s.makeDue(t, 0)
	s.finishDue(t)
	eventually(t, "it is carried out", func() bool { return s.mustGet(t, o.ID).Status == order.StatusCancelled })
}
