package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
)

// answerGrace is how long after its time the first request may still be saving its answer.
const answerGrace = time.Second

// replay answers a request whose key was used before. It needs no other service. It returns ErrKeyUnknown
// for a key that was not used, idempotency.ErrReused, idempotency.ErrInProgress, or order.ErrCustomerErased.
func (s *Service) replay(ctx context.Context, req PlaceRequest) (Placement, error) {
	key := req.key()
	used, err := s.store.Key(ctx, key)
	if err != nil {
		return Placement{}, fmt.Errorf("look up idempotency key: %w", err)
	}
	if err := used.Check(key); err != nil {
		return Placement{}, err
	}
	placement := Placement{RequestID: used.RequestID, Replayed: key.Replays(used.RequestID)}
	if used.Order != nil {
		placement.Order = *used.Order
		return placement, nil
	}
	o, err := s.store.Get(ctx, used.Subject)
	if err != nil {
		return Placement{}, fmt.Errorf("replay: %w", err)
	}
	placement.Order, err = s.lateAnswer(ctx, o, req.Retried)
	return placement, err
}

// lateAnswer makes the answer that the first request has not given: it is still running, or it died. A call that is made
// again helps the order on: the process that served it before may be gone, and if it is not, both may.
func (s *Service) lateAnswer(ctx context.Context, o order.Order, retried bool) (order.View, error) {
	switch {
	case o.Status() != order.StatusPending || s.isLate(o.CreatedAt()):
		return s.answer(ctx, o)
	case retried:
		return s.finish(ctx, o)
	default:
		return order.View{}, idempotency.ErrInProgress
	}
}

// isLate reports whether the first request, which came at began, has had its time and can no longer be answering.
func (s *Service) isLate(began time.Time) bool {
	return time.Since(began) >= s.settings.Inline+answerGrace
}

// replayOr returns cause unless the key was used meanwhile: then the other request is the one to answer,
// and may well be what cause comes from, such as a cart that is empty now. So may be that the customer was erased.
func (s *Service) replayOr(ctx context.Context, req PlaceRequest, cause error) (Placement, error) {
	placement, err := s.replay(ctx, req)
	if err == nil || errors.Is(err, idempotency.ErrReused) || errors.Is(err, idempotency.ErrInProgress) || errors.Is(err, order.ErrCustomerErased) {
		return placement, err
	}
	return Placement{}, cause
}
