package orders_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

// watched has the shop's events watched until the test ends or stop is called.
func (s *shop) watched(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Watch(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func TestEventsAfterAPositionAreReturnedAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	owner := order.Viewer{CustomerID: customer}
	for after, want := range []int{2, 1, 0, 0} {
		seen, events, err := s.WaitForEvents(t.Context(), owner, o.ID, after, 0)
		if err != nil || len(events) != want || seen.ID != o.ID {
			t.Errorf("after %d: %v, %v", after, events, err)
		}
	}
	if _, _, err := s.WaitForEvents(t.Context(), order.Viewer{CustomerID: "stranger"}, o.ID, 0, 0); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("someone else's: %v", err)
	}
	var invalid *field.Error
	if _, _, err := s.WaitForEvents(t.Context(), owner, o.ID, -1, time.Hour); !errors.As(err, &invalid) || len(invalid.Violations) != 2 {
		t.Errorf("bad request: %v", err)
	}
}

func TestManyWaitForAnEventOfAnyReplica(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	replica := shopOn(t, s.pool, s.settings)
	replica.watched(t)
	o := s.mustConfirm(t)
	var waiting sync.WaitGroup
	for range 10 {
		waiting.Go(func() {
			seen, events, err := replica.WaitForEvents(t.Context(), order.Viewer{Staff: true}, o.ID, 2, 20*time.Second)
			if err != nil || len(events) != 1 || events[0].Event != order.EventCancelled || seen.Status != order.StatusCancelled {
				t.Errorf("%v, %v", events, err)
			}
		})
	}
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
}

func TestWaitingEndsWithItsTimeAndWithTheService(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	stop := s.watched(t)
	o := s.mustConfirm(t)
	wait := func(d time.Duration) {
		t.Helper()
		if _, events, err := s.WaitForEvents(t.Context(), order.Viewer{Staff: true}, o.ID, 2, d); err != nil || len(events) != 0 {
			t.Errorf("%v, %v", events, err)
		}
	}
	wait(50 * time.Millisecond)
	stop()
	start := time.Now()
	wait(30 * time.Second)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("waited for %v after the service stopped", took)
	}
}
