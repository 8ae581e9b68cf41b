package orders

import (
	"context"
	"fmt"
	"time"

	"souk/platform/field"
)

// The longest that a caller may wait for events.
const maxEventWait = 30 * time.Second

// WaitForEvents returns an order with what is on its timeline after a position, counted from 1. When there is nothing
// it waits for something to come, and returns the order alone when nothing came or the service stops. It returns
// a *field.Error or ErrNotFound.
func (s *Service) WaitForEvents(ctx context.Context, viewer Viewer, id string, after int, wait time.Duration) (Order, []TimelineEntry, error) {
	var c field.Checker
	c.Check(after >= 0, "after", "must not be negative")
	c.Check(wait >= 0 && wait <= maxEventWait, "wait", fmt.Sprintf("must be 0 to %s", maxEventWait))
	if err := c.Err(); err != nil {
		return Order{}, nil, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		r, err := s.visible(ctx, viewer, id)
		if err != nil {
			return Order{}, nil, err
		}
		if len(r.Timeline) > after || wait == 0 {
			return r.view(), r.Timeline[min(after, len(r.Timeline)):], nil
		}
		if !s.await(ctx, r, timeout.C) {
			return r.view(), nil, ctx.Err()
		}
	}
}

// await waits until an order is no longer as r is, and reports whether that came before the time was over.
func (s *Service) await(ctx context.Context, r Record, timeout <-chan time.Time) bool {
	changed, leave := s.watch.join(r.ID, r.Version)
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
