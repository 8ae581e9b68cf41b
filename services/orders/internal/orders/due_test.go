package orders_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/postgres"
)

// finishDue has a process finish the orders that are due, until the test ends or stop is called.
func (s *shop) finishDue(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.FinishDue(ctx); err != nil {
			t.Errorf("finish due orders: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// makeDue makes all orders with work due since a while ago.
func (s *shop) makeDue(t *testing.T, ago time.Duration) {
	t.Helper()
	s.exec(t, "UPDATE orders SET due_at = now() - $1::interval WHERE due_at IS NOT NULL", ago)
}

func TestAnAbandonedOrderIsFinished(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.killed(t, func(point string) bool { return point == "after authorize" }, func(ctx context.Context) {
		_, _ = s.PlaceOrder(ctx, buy("killed", visa))
	})
	id := s.ids(t, customer)[0]
	s.finishDue(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, id).Status == order.StatusConfirmed })
	s.world.mustAgreeWith(t, s.mustGet(t, id))
	if s.isDue(t, id) {
		t.Error("the order is still due")
	}
}

func TestAnOrderIsFinishedByTheNextProcessIfTheFirstDies(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	o := s.mustPlace(t, buy("killed", visa))
	s.world.setHook(nil)
	s.makeDue(t, 0)
	const lease = 700 * time.Millisecond
	claimed := time.Now()
	if due, err := s.store.ClaimDue(t.Context(), 20, lease); err != nil || len(due) != 1 || due[0].ID != o.ID {
		t.Fatalf("claimed %v, %v; want the order", due, err)
	}
	// The process that has claimed it does nothing more.
	s.finishDue(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, o.ID).Status == order.StatusConfirmed })
	if took := time.Since(claimed); took < lease {
		t.Errorf("taken over %v after it was claimed, before the end of the lease", took)
	}
}

func TestAnOrderIsTriedAgainUntilItIsFinished(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	o := s.mustPlace(t, buy("away", visa))
	var mu sync.Mutex
	tries := 0
	s.world.setHook(func(_ context.Context, point string) error {
		mu.Lock()
		defer mu.Unlock()
		if point != "before reserve" {
			return nil
		}
		if tries++; tries == 1 {
			panic("a bug")
		}
		if tries == 2 {
			return errAway
		}
		return nil
	})
	s.finishDue(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, o.ID).Status == order.StatusConfirmed })
	s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
}

func TestAnOrderThatIsAnsweredPendingIsDueAtOnce(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 5 * time.Minute, Hold: time.Hour})
	s.world.failing("before authorize")
	o := s.mustPlace(t, buy("away", visa))
	s.world.setHook(nil)
	s.finishDue(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, o.ID).Status == order.StatusConfirmed })
}

func TestReplicasClaimDifferentOrders(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before reserve")
	want := map[string]bool{}
	for i := range 20 {
		want[s.mustPlace(t, s.fromAnotherCart(buy(fmt.Sprint(i), visa))).ID] = true
	}
	s.makeDue(t, time.Second)
	var mu sync.Mutex
	var claimed []string
	var replicas sync.WaitGroup
	for range 4 {
		replicas.Go(func() {
			for {
				due, err := postgres.New(s.pool, time.Minute).ClaimDue(t.Context(), 3, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if len(due) == 0 {
					return
				}
				mu.Lock()
				for _, d := range due {
					claimed = append(claimed, d.ID)
				}
				mu.Unlock()
			}
		})
	}
	replicas.Wait()
	slices.Sort(claimed)
	if distinct := len(slices.Compact(slices.Clone(claimed))); len(claimed) != len(want) || distinct != len(want) {
		t.Errorf("%d claims of %d orders, want one each of %d", len(claimed), distinct, len(want))
	}
}

func TestAProcessThatStopsFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	o := s.mustPlace(t, buy("begun", visa))
	begun, goOn := make(chan struct{}), make(chan struct{})
	s.world.setHook(func(_ context.Context, point string) error {
		if point == "before reserve" {
			close(begun)
			<-goOn
		}
		return nil
	})
	stop := s.finishDue(t)
	<-begun
	time.AfterFunc(100*time.Millisecond, func() { close(goOn) })
	stop()
	if got := s.mustGet(t, o.ID); got.Status != order.StatusConfirmed {
		t.Errorf("the order is %s, want confirmed", got.Status)
	}
}
