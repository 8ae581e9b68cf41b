package saga

import (
	"context"
	"sync"
)

const (
	// maxAbandoned is how many orders whose callers left wait for FinishAbandoned. The others wait until they are due.
	maxAbandoned = 256
	// abandonedWorkers is how many of them are moved on at once.
	abandonedWorkers = 4
)

// Abandon hands an order whose caller has left to FinishAbandoned, because FinishDue would find it some seconds later only.
func (s *Saga) Abandon(id string) {
	select {
	case s.abandoned <- id:
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
		case id := <-s.abandoned:
			s.finishOne(ctx, id)
		}
	}
}

func (s *Saga) finishOne(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, s.inline)
	defer cancel()
	if err := s.Advance(ctx, id); err != nil {
		s.logger.WarnContext(ctx, "an order whose caller left waits until it is due", "order_id", id, "error", err)
	}
}
