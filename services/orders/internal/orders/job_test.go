package orders_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"souk/services/orders/internal/job"
	"souk/services/orders/internal/orders"
)

// run runs the shop's jobs until the test ends.
func (s *shop) run(t *testing.T) {
	t.Helper()
	runner, err := job.NewRunner(s.pool, s.Advance, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := runner.Run(ctx); err != nil {
			t.Errorf("run jobs: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
}

func TestAnAbandonedOrderIsPickedUpByItsJob(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.killed(t, func(point string) bool { return point == "after authorize" }, func(ctx context.Context) {
		_, _ = s.PlaceOrder(ctx, buy("killed", visa))
	})
	id := s.ids(t, customer)[0]
	// The process led River's cluster as well, and its lease has not run out.
	s.exec(t, `INSERT INTO river_leader (elected_at, expires_at, leader_id) VALUES (now(), now() + interval '1 hour', 'dead')`)
	s.run(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, id).Status == orders.StatusConfirmed })
	s.world.mustAgreeWith(t, s.mustGet(t, id))
	eventually(t, "the job ends", func() bool { return s.jobs(t, id) == 0 })
}

func TestAJobWhoseProcessDiedIsTakenOver(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	order := s.mustPlace(t, buy("killed", visa))
	s.world.setHook(nil)
	runner, err := job.NewRunner(s.pool, s.Advance, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for since, want := range map[string]string{"9 seconds": "running", "11 seconds": "available"} {
		s.exec(t, "UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - $1::text::interval", since)
		if err := runner.Rescue(t.Context()); err != nil {
			t.Fatal(err)
		}
		var state string
		if err := s.pool.QueryRow(t.Context(), "SELECT state FROM river_job").Scan(&state); err != nil || state != want {
			t.Errorf("begun %s ago it is %s, %v; want %s", since, state, err, want)
		}
	}
	if err := s.Advance(t.Context(), order.ID); err != nil {
		t.Error(err)
	}
}

func TestAJobComesBackUntilTheWorkIsDone(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 200 * time.Millisecond, Hold: time.Minute})
	s.world.failing("before reserve")
	order := s.mustPlace(t, buy("away", visa))
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
	s.run(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, order.ID).Status == orders.StatusConfirmed })
	s.world.mustAgreeWith(t, s.mustGet(t, order.ID))
}

func TestAPendingAnswerHurriesTheJob(t *testing.T) {
	t.Parallel()
	s := newShopWith(t, orders.Settings{Inline: 5 * time.Minute, Hold: time.Hour})
	s.world.failing("before authorize")
	order := s.mustPlace(t, buy("away", visa))
	s.world.setHook(nil)
	s.run(t)
	eventually(t, "the order is confirmed", func() bool { return s.mustGet(t, order.ID).Status == orders.StatusConfirmed })
}
