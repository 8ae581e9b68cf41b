package saga

import (
	"context"
	"sync"
)

const (
	// mostOrphans is how many orders whose callers left wait for Adopt. The others wait until they are due.
	mostOrphans = 256
	// adopters is how many of them are moved on at once.
	adopters = 4
)

// Leave hands an order whose caller has left to Adopt, because FinishDue would find it some seconds later only.
func (s *Saga) Leave(id string) {
	select {
	case s.orphans <- id:
	default:
	}
}

// Adopt moves on the orders whose callers left, a few at once, until ctx is done.
func (s *Saga) Adopt(ctx context.Context) error {
	var all sync.WaitGroup
	for range adopters {
		all.Go(func() { s.adopt(ctx) })
	}
	all.Wait()
	return nil
}

func (s *Saga) adopt(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-s.orphans:
			s.finishOrphan(ctx, id)
		}
	}
}

func (s *Saga) finishOrphan(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, s.inline)
	defer cancel()
	if err := s.Advance(ctx, id); err != nil {
		s.logger.WarnContext(ctx, "an order whose caller left waits until it is due", "order_id", id, "error", err)
	}
}
