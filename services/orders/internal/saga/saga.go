// Package saga is responsible for moving orders on: it does the work that an order has left, one task after the other, until there is
// none. So many services agree on the outcome of an order, whatever fails in between.
//
// An order is saved before anything is reserved or charged, together with the time at which it is due. From then on anybody may move
// it on with Advance, any number of times and at once: the request that placed it, which is the normal case, FinishDue once it is due,
// or both. Each task has a Step. Steps call other services, where each call takes effect once for its order, and then make a decision of
// the order and save it.
package saga

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"souk/platform/telemetry"

	"souk/services/orders/internal/order"
)

// ErrUnavailable is returned when a service that is needed cannot be asked; trying again may help.
var ErrUnavailable = errors.New("unavailable")

// Store keeps the orders, and the times at which they are due.
type Store interface {
	order.Repository
	// ClaimDue returns up to limit orders that are due, the longest due first. Nobody else gets them until the lease has run out:
	// then they are due again.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Due, error)
	// Postpone makes an order that has work left due after a while.
	Postpone(ctx context.Context, id string, wait time.Duration) error
}

// Due is an order whose work nobody has finished in time.
type Due struct {
	ID string
	// ChangedAt is when the order was last changed.
	ChangedAt time.Time
	// Trace is where the trace of the order's work goes on; see telemetry.Resume.
	Trace string
}

// Step does a task of an order and returns the order as it was saved then.
type Step func(ctx context.Context, o order.Order) (order.Order, error)

// Steps are the steps by their task.
type Steps map[order.Task]Step

// Saga moves orders on.
type Saga struct {
	store     Store
	steps     Steps
	inline    time.Duration
	logger    *slog.Logger
	abandoned chan abandoned
}

// New returns a saga. Inline is how long a request works on its order before it leaves the rest to FinishDue.
func New(store Store, steps Steps, inline time.Duration, logger *slog.Logger) *Saga {
	return &Saga{store: store, steps: steps, inline: inline, logger: logger, abandoned: make(chan abandoned, maxAbandoned)}
}

// Advance does all the work that an order has left. It may be run by anybody, any number of times, at once: each call of another
// service takes effect once, and each decision is saved against the version that it was made on. An error means that work is left and
// that Advance should be run again. An order that does not exist has no work.
func (s *Saga) Advance(ctx context.Context, id string) error {
	o, err := s.store.Get(ctx, id)
	if errors.Is(err, order.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("advance order: %w", err)
	}
	_, err = s.Run(ctx, o, func(order.Order) bool { return false })
	return err
}

// Run does one task after the other until enough reports true or none is left. It returns the order as last saved, also with an error.
func (s *Saga) Run(ctx context.Context, o order.Order, enough func(order.Order) bool) (order.Order, error) {
	for o.Task() != order.TaskNone && !enough(o) {
		next, err := s.step(ctx, o)
		if errors.Is(err, order.ErrConflict) {
			// Somebody else moved the order on. Both go on from what was saved.
			next, err = s.store.Get(ctx, o.ID())
		}
		if err != nil {
			return o, fmt.Errorf("order %s: %w", o.ID(), err)
		}
		o = next
	}
	return o, nil
}

// step does the next task of an order.
func (s *Saga) step(ctx context.Context, o order.Order) (order.Order, error) {
	task := o.Task()
	ctx, end := telemetry.Span(ctx, "step "+task.String(), telemetry.Order(o.ID()))
	next, err := s.steps[task](ctx, o)
	outcome := outcomeOf(ctx, err)
	steps.WithLabelValues(task.String(), outcome).Inc()
	if outcome == stepFailed {
		end(err)
	} else {
		end(nil)
	}
	return next, err
}
