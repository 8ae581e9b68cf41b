package events

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"souk/platform/outage"
)

// lookEvery is how often the orders that somebody waits for are looked at.
const lookEvery = 500 * time.Millisecond

// watch has the callers who wait for a change of an order. One query asks for all of their orders, however many there are.
type watch struct {
	mu      sync.Mutex
	waiting map[string]map[*waiter]struct{} // by the order's id
	stopped chan struct{}
}

// waiter waits for an order to be at another version than the one it knows.
type waiter struct {
	version int64
	changed chan struct{}
}

func newWatch() *watch {
	return &watch{waiting: map[string]map[*waiter]struct{}{}, stopped: make(chan struct{})}
}

// join returns a channel that is closed once the order is at another version. The caller must leave.
func (w *watch) join(id string, version int64) (changed <-chan struct{}, leave func()) {
	joined := &waiter{version: version, changed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[id] == nil {
		w.waiting[id] = map[*waiter]struct{}{}
	}
	w.waiting[id][joined] = struct{}{}
	return joined.changed, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.remove(id, joined)
	}
}

func (w *watch) remove(id string, gone *waiter) {
	delete(w.waiting[id], gone)
	if len(w.waiting[id]) == 0 {
		delete(w.waiting, id)
	}
}

func (w *watch) ids() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.waiting))
}

// wake wakes the callers who know another version of an order than the one it has now.
func (w *watch) wake(versions map[string]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, version := range versions {
		for waiting := range w.waiting[id] {
			if waiting.version != version {
				close(waiting.changed)
				w.remove(id, waiting)
			}
		}
	}
}

// Watch wakes the callers whose orders have changed, until ctx is done, and then all of them. It must be called once.
func (e *Events) Watch(ctx context.Context) error {
	defer close(e.watch.stopped)
	for outage.Sleep(ctx, lookEvery) {
		if err := e.look(ctx); err != nil && ctx.Err() == nil {
			e.logger.WarnContext(ctx, "events are late", "error", err)
		}
	}
	return nil
}

func (e *Events) look(ctx context.Context) error {
	ids := e.watch.ids()
	if len(ids) == 0 {
		return nil
	}
	versions, err := e.store.Versions(ctx, ids)
	if err != nil {
		return fmt.Errorf("look at watched orders: %w", err)
	}
	e.watch.wake(versions)
	return nil
}
