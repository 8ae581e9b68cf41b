package orders

import (
	"context"
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
)

// Advance does whatever is left to do for an order. It is safe to be run by anyone, any number of times,
// at once: each step is idempotent where it takes effect, and each decision is saved against the version
// it was made on. An error means that work is left and that it should be run again; an order that does
// not exist has none.
func (s *Service) Advance(ctx context.Context, id string) error {
	o, err := s.store.Get(ctx, id)
	if errors.Is(err, order.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("advance order: %w", err)
	}
	_, err = s.advance(ctx, o, func(order.Order) bool { return false })
	return err
}

// advance performs one task after the other until enough reports true or none is left. It returns the
// order as last saved, also with an error.
func (s *Service) advance(ctx context.Context, o order.Order, enough func(order.Order) bool) (order.Order, error) {
	for o.Task() != order.TaskNone && !enough(o) {
		next, err := s.perform(ctx, o)
		if errors.Is(err, order.ErrConflict) {
			// Someone else moved it on. Both go on from what was saved.
			next, err = s.store.Get(ctx, o.ID())
		}
		if err != nil {
			return o, fmt.Errorf("order %s: %w", o.ID(), err)
		}
		o = next
	}
	return o, nil
}

func (s *Service) perform(ctx context.Context, o order.Order) (order.Order, error) {
	switch o.Task() {
	case order.TaskCheckOut:
		return s.checkOut(ctx, o)
	case order.TaskReject:
		return s.reject(ctx, o)
	case order.TaskCancel:
		return s.cancel(ctx, o)
	case order.TaskDispatch:
		return s.dispatch(ctx, o)
	case order.TaskEmptyCart:
		return s.emptyCart(ctx, o)
	case order.TaskTakeBack:
		return s.takeBack(ctx, o)
	case order.TaskRefund:
		return s.refund(ctx, o)
	default:
		return o, nil
	}
}
