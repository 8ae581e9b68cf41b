package orders

import (
	"context"
	"sync"
)

const (
	// Orders whose callers left, that wait for somebody to go on with them. One more is left until it is due.
	mostOrphans = 256
	// Of them, how many are gone on with at once.
	adopters = 4
)

// orphan leaves an order, whose caller left while it was being moved on, to Adopt, because FinishDue would get to it only some
// seconds later.
func (s *Service) orphan(id string) {
	select {
	case s.orphans <- id:
	default:
	}
}

// Adopt goes on with the orders whose callers left, until ctx is done: in no request's time, and only a few at once.
func (s *Service) Adopt(ctx context.Context) error {
	var all sync.WaitGroup
	for range adopters {
		all.Go(func() { s.adopt(ctx) })
	}
	all.Wait()
	return nil
}

func (s *Service) adopt(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-s.orphans:
			s.finishOrphan(ctx, id)
		}
	}
}

func (s *Service) finishOrphan(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Inline)
	defer cancel()
	if err := s.Advance(ctx, id); err != nil {
		s.logger.WarnContext(ctx, "an order whose caller left waits until it is due", "order_id", id, "error", err)
	}
}
