package orders

import (
	"context"
	"errors"
	"fmt"
)

// Advance does whatever is left to do for an order. It is safe to be run by anyone, any number of times,
// at once: each step is idempotent where it takes effect, and each decision is saved against the version
// it was made on. An error means that work is left and that it should be run again; an order that does
// not exist has none.
func (s *Service) Advance(ctx context.Context, id string) error {
	r, err := s.store.Get(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("advance order: %w", err)
	}
	_, err = s.advance(ctx, r, func(Record) bool { return false })
	return err
}

// advance performs one task after the other until enough reports true or none is left. It returns the
// order as last saved, also with an error.
func (s *Service) advance(ctx context.Context, r Record, enough func(Record) bool) (Record, error) {
	for r.Task() != TaskNone && !enough(r) {
		next, err := s.perform(ctx, r)
		if errors.Is(err, ErrConflict) {
			// Someone else moved it on. Both go on from what was saved.
			next, err = s.store.Get(ctx, r.ID)
		}
		if err != nil {
			return r, fmt.Errorf("order %s: %w", r.ID, err)
		}
		r = next
	}
	return r, nil
}

func (s *Service) perform(ctx context.Context, r Record) (Record, error) {
	switch r.Task() {
	case TaskCheckOut:
		return s.checkOut(ctx, r)
	case TaskReject:
		return s.reject(ctx, r)
	case TaskCancel:
		return s.cancel(ctx, r)
	case TaskDispatch:
		return s.dispatch(ctx, r)
	case TaskEmptyCart:
		return s.emptyCart(ctx, r)
	case TaskTakeBack:
		return s.takeBack(ctx, r)
	case TaskRefund:
		return s.refund(ctx, r)
	default:
		return r, nil
	}
}
