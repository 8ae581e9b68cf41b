package orders

import (
	"context"
	"fmt"
	"time"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

// The longest that a caller may wait for events.
const maxEventWait = 30 * time.Second

// WaitForEvents returns an order with what is on its timeline after a position, counted from 1. When there is nothing
// it waits for something to come, and returns the order alone when nothing came or the service stops. It returns
// a *field.Error or order.ErrNotFound.
func (s *Service) WaitForEvents(ctx context.Context, viewer order.Viewer, id string, after int, wait time.Duration) (order.View, []order.TimelineEntry, error) {
	var c field.Checker
	c.Check(after >= 0, "after", "must not be negative")
	c.Check(wait >= 0 && wait <= maxEventWait, "wait", fmt.Sprintf("must be 0 to %s", maxEventWait))
	if err := c.Err(); err != nil {
		return order.View{}, nil, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		o, err := order.Find(ctx, s.store, viewer, id)
		if err != nil {
			return order.View{}, nil, err
		}
		if timeline := o.Timeline(); len(timeline) > after || wait == 0 {
			return o.View(), timeline[min(after, len(timeline)):], nil
		}
		if !s.await(ctx, o, timeout.C) {
			return o.View(), nil, ctx.Err()
		}
	}
}

// await waits until an order is no longer as o is, and reports whether that came before the time was over.
func (s *Service) await(ctx context.Context, o order.Order, timeout <-chan time.Time) bool {
	changed, leave := s.watch.join(o.ID(), o.Version())
	defer leave()
	select {
	case <-changed:
		return true
	case <-timeout:
	case <-s.watch.stopped:
	case <-ctx.Done():
	}
	return false
}
