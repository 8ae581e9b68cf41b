package saga

import (
	"context"
	"sync"

	"souk/platform/telemetry"
)

const (
	// maxAbandoned is how many orders whose callers left wait for FinishAbandoned. The others wait until they are due.
	maxAbandoned = 256
	// abandonedWorkers is how many of them are moved on at once.
	abandonedWorkers = 4
)

// abandoned is an order whose caller has left.
type abandoned struct {
	id string
	// trace is where the trace of the order's work goes on.
	trace string
}

// Abandon hands an order whose caller has left to FinishAbandoned, because FinishDue would find it some seconds later only.
func (s *Saga) Abandon(ctx context.Context, id string) {
	select {
	case s.abandoned <- abandoned{id, telemetry.Traceparent(ctx)}:
	default:
	}
}

// FinishAbandoned moves on the orders whose callers left, a few at once, until ctx is done.
func (s *Saga) FinishAbandoned(ctx context.Context) error {
	var all sync.WaitGroup
	for range abandonedWorkers {
		all.Go(func() { s.finishAbandoned(ctx) })
	}
	all.Wait()
	return nil
}

func (s *Saga) finishAbandoned(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case left := <-s.abandoned:
			s.finishOne(ctx, left)
		}
	}
}

func (s *Saga) finishOne(ctx context.Context, left abandoned) {
	ctx, end := telemetry.Resume(ctx, left.trace, "finish abandoned order", telemetry.Order(left.id))
	ctx, cancel := context.WithTimeout(ctx, s.inline)
	defer cancel()
	err := s.Advance(ctx, left.id)
	end(err)
	if err != nil {
		s.logger.WarnContext(ctx, "an order whose caller left waits until it is due", "order_id", left.id, "error", err)
	}
}
