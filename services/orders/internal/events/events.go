// Package events is responsible for telling about the events of an order as they come: long polls for its timeline, and tickets for
// clients that cannot send an access token with them.
package events

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

// maxWait is the longest that a caller may wait.
const maxWait = 30 * time.Second

// Store keeps orders.
type Store interface {
	order.Reader
	// Versions returns the versions of those of the orders that exist.
	Versions(ctx context.Context, ids []string) (map[string]int64, error)
}

// Events tells about the events of orders.
type Events struct {
	store  Store
	watch  *watch
	logger *slog.Logger
}

// New returns the events of the orders in a store.
func New(store Store, logger *slog.Logger) *Events {
	return &Events{store: store, watch: newWatch(), logger: logger}
}

// WaitForEvents returns an order with the entries of its timeline after a position, counted from 1. When there are none it waits for
// one, and returns the order alone when none came in time or the service stops. It returns a *field.Error or order.ErrNotFound.
func (e *Events) WaitForEvents(ctx context.Context, viewer order.Viewer, id string, after int, wait time.Duration) (order.View, []order.TimelineEntry, error) {
	var c field.Checker
	c.Check(after >= 0, "after", "must not be negative")
	c.Check(wait >= 0 && wait <= maxWait, "wait", fmt.Sprintf("must be 0 to %s", maxWait))
	if err := c.Err(); err != nil {
		return order.View{}, nil, err
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		o, err := order.Find(ctx, e.store, viewer, id)
		if err != nil {
			return order.View{}, nil, err
		}
		if timeline := o.Timeline(); len(timeline) > after || wait == 0 {
			return o.View(), timeline[min(after, len(timeline)):], nil
		}
		if !e.await(ctx, o, timeout.C) {
			return o.View(), nil, ctx.Err()
		}
	}
}

// await waits until an order is no longer as o is, and reports whether that came before the time was over.
func (e *Events) await(ctx context.Context, o order.Order, timeout <-chan time.Time) bool {
	changed, leave := e.watch.join(o.ID(), o.Version())
	defer leave()
	select {
	case <-changed:
		return true
	case <-timeout:
	case <-e.watch.stopped:
	case <-ctx.Done():
	}
	return false
}
