package saga

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"souk/platform/outage"
	"souk/platform/telemetry"
)

const (
	// dueEvery is how often orders that are due are looked for.
	dueEvery = time.Second
	// dueWorkers is how many of them a process works on at once.
	dueWorkers = 20
	// dueTime is how long work on an order that is due may take.
	dueTime = 8 * time.Second
	// dueLease is how long an order that was claimed is not due again. After it the process that claimed it has died.
	dueLease = dueTime + 2*time.Second
	// stopTime is how long a process that stops waits for its work before it cancels it.
	stopTime = 5 * time.Second

	// An order that cannot be finished waits at least leastWait and at most mostWait.
	leastWait = time.Second
	mostWait  = 15 * time.Second
)

// FinishDue finishes the orders that are due, because the request that began their work has died or given up. It returns when ctx is
// done and the work under way has ended. Replicas share the orders. An order that cannot be finished is tried again for ever, because
// every order must reach an end.
func (s *Saga) FinishDue(ctx context.Context) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(stopTime, cancel) })
	var workers sync.WaitGroup
	defer workers.Wait()
	places := make(chan struct{}, dueWorkers)
	for outage.Sleep(ctx, dueEvery) {
		claimed, err := s.store.ClaimDue(ctx, cap(places)-len(places), dueLease)
		if err != nil && ctx.Err() == nil {
			s.logger.WarnContext(ctx, "orders that are due wait", "error", err)
		}
		for _, due := range claimed {
			places <- struct{}{}
			workers.Go(func() {
				defer func() { <-places }()
				s.finishDue(working, due)
			})
		}
	}
	return nil
}

// finishDue moves an order on. If work is left, the order is due again after a while.
func (s *Saga) finishDue(ctx context.Context, due Due) {
	err := s.advanceDue(ctx, due)
	if err == nil {
		return
	}
	wait := backoff(time.Since(due.ChangedAt))
	s.logger.WarnContext(ctx, "order waits", "order_id", due.ID, "wait", wait, "error", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dueLease-dueTime)
	defer cancel()
	if err := s.store.Postpone(ctx, due.ID, wait); err != nil {
		s.logger.WarnContext(ctx, "order waits for the end of its lease", "order_id", due.ID, "error", err)
	}
}

// advanceDue is Advance with its time limit. A panic fails the one order, because the others go on.
func (s *Saga) advanceDue(ctx context.Context, due Due) (err error) {
	ctx, end := telemetry.Resume(ctx, due.Trace, "finish order", telemetry.Order(due.ID))
	defer func() { end(err) }()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, dueTime)
	defer cancel()
	return s.Advance(ctx, due.ID)
}

// backoff is how long an order waits that has not changed for a while: an eighth of that, within bounds.
func backoff(unchanged time.Duration) time.Duration {
	return min(max(unchanged/8, leastWait), mostWait)
}
