package checkout

import (
	"context"
	"errors"
	"fmt"

	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

// replay answers a request whose key was used before, without calling another service. It returns order.ErrKeyUnknown for a key that was
// not used, idempotency.ErrReused, idempotency.ErrInProgress, or order.ErrCustomerErased.
func (c *Checkout) replay(ctx context.Context, req PlaceRequest) (Placement, error) {
	key := req.key()
	used, err := c.store.Key(ctx, key)
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
	o, err := c.store.Get(ctx, used.Subject)
	if err != nil {
		return Placement{}, fmt.Errorf("replay: %w", err)
	}
	placement.Order, err = saga.AnswerLate(ctx, c.saga, saga.Unanswered[order.View]{
		Done: o.Status() != order.StatusPending, Began: o.CreatedAt(),
		Answer: func(ctx context.Context) (order.View, error) { return c.answer(ctx, o) },
		Finish: func(ctx context.Context) (order.View, error) { return c.finish(ctx, o) },
	}, req.Retried)
	return placement, err
}

// replayOr returns cause unless the key was used meanwhile. Then that other request is answered, because it may be where cause comes
// from: it has emptied the cart, for example. A customer who was erased meanwhile is told so for the same reason.
func (c *Checkout) replayOr(ctx context.Context, req PlaceRequest, cause error) (Placement, error) {
	placement, err := c.replay(ctx, req)
	if err == nil || errors.Is(err, idempotency.ErrReused) || errors.Is(err, idempotency.ErrInProgress) || errors.Is(err, order.ErrCustomerErased) {
		return placement, err
	}
	return Placement{}, cause
}
