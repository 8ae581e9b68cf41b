package skew

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk/e2e/poll"
)

const (
	kills    = 3
	shoppers = 4
	// The orders that are placed between two kills at least, so that each meets orders under way.
	between = 3
)

// survive kills a part again and again while shoppers go on, and returns how many orders they placed. Each order must come to its
// confirmation, and afterwards the books must be clean.
func (m *mix) survive(t *testing.T, part string) int64 {
	t.Helper()
	shopping, stop := context.WithCancel(t.Context())
	defer stop()
	var placed atomic.Int64
	var busy sync.WaitGroup
	errs := make([]error, shoppers)
	for i := range shoppers {
		busy.Go(func() { errs[i] = m.shop(shopping, &placed) })
	}
	err := m.killAmid(t.Context(), part, &placed)
	stop()
	busy.Wait()
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
	m.audit(t)
	return placed.Load()
}

// shop places orders until ctx is done, and finishes the last one.
func (m *mix) shop(ctx context.Context, placed *atomic.Int64) error {
	going := context.WithoutCancel(ctx)
	customer, err := m.register(going)
	for err == nil && ctx.Err() == nil {
		if _, err = buy(going, customer); err == nil {
			placed.Add(1)
		}
	}
	return err
}

// killAmid kills a part, and starts it again, each time after some orders were placed.
func (m *mix) killAmid(ctx context.Context, part string, placed *atomic.Int64) error {
	for range kills {
		enough := placed.Load() + between
		if err := poll.Until(ctx, servesWithin, func(context.Context) error {
			if now := placed.Load(); now < enough {
				return fmt.Errorf("%d orders are placed, want %d", now, enough)
			}
			return nil
		}); err != nil {
			return err
		}
		if err := m.Kill(part); err != nil {
			return err
		}
		if err := m.Restart(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// audit waits until every order has come to an end, and the books are clean.
func (m *mix) audit(t *testing.T) {
	t.Helper()
	start := time.Now()
	if err := poll.Until(t.Context(), cleanWithin, m.books); err != nil {
		t.Fatalf("the books are not clean: %v", err)
	}
	t.Logf("measured: the books are clean after %.1f s", time.Since(start).Seconds())
}
