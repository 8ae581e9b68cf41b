package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/outage"
	"souk/platform/telemetry"

	"souk/services/orders/internal/order"
)

// Placement is an order that was placed. It is the first answer to its idempotency key.
type Placement struct {
	// Order is the order as it was then: confirmed, rejected, or pending when it took too long.
	Order order.View
	// RequestID names the request that the key was first used by.
	RequestID string
	// Replayed tells that the answer was not made for this request.
	Replayed bool
}

// PlaceOrder turns a cart into an order and takes it through the checkout, for as long as a request may take.
//
// Nothing was saved for the request when it returns one of these errors: a *field.Error, ErrCartNotFound, ErrCartEmpty,
// ErrAddressNotFound, a PriceChangedError, an InsufficientStockError, a CartBeingOrderedError, idempotency.ErrReused, idempotency.ErrInProgress,
// order.ErrCustomerErased or saga.ErrUnavailable. After any other error there may be an order, which the same key finds again.
func (c *Checkout) PlaceOrder(ctx context.Context, req PlaceRequest) (Placement, error) {
	placement, err := c.placeOrder(ctx, req)
	countOutcome(ctx, placement, err)
	return placement, err
}

func (c *Checkout) placeOrder(ctx context.Context, req PlaceRequest) (Placement, error) {
	if err := req.Validate(); err != nil {
		return Placement{}, err
	}
	placement, err := c.replay(ctx, req)
	if !errors.Is(err, order.ErrKeyUnknown) {
		return placement, err
	}
	draft, err := c.price(ctx, req)
	if err != nil {
		return c.replayOr(ctx, req, err)
	}
	o, err := c.place(ctx, req, draft)
	var claimed *CartBeingOrderedError
	switch {
	case errors.Is(err, order.ErrKeyTaken):
		return c.replay(ctx, req)
	case errors.As(err, &claimed): // perhaps by another request with the same key
		return c.replayOr(ctx, req, err)
	}
	if err != nil {
		return Placement{}, fmt.Errorf("place order: %w", err)
	}
	telemetry.Note(ctx, telemetry.OrderID, o.ID())
	answer, err := c.finish(ctx, o)
	if err != nil {
		return Placement{}, fmt.Errorf("answer for order %s: %w", o.ID(), err)
	}
	return Placement{Order: answer, RequestID: req.RequestID}, nil
}

// place saves the order. From here on it exists, whatever happens to this process.
func (c *Checkout) place(ctx context.Context, req PlaceRequest, draft order.Draft) (order.Order, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return order.Order{}, err
	}
	draft.ID, draft.Hold = id.String(), c.hold
	if draft.CustomerID == "" {
		draft.CustomerID = draft.ID // a guest's order belongs to nobody else, and to who has a token for it
	}
	for {
		saved, err := c.store.Place(ctx, order.New(draft), req.key())
		if !errors.Is(err, ErrNumberTaken) {
			return saved, err
		}
	}
}

const (
	// inlineTries is how often a request tries to finish its order.
	inlineTries = 4
	// inlineWait is the time before the second try. Each further wait is four times as long.
	inlineWait = 100 * time.Millisecond
	// saveTime is how long saving an answer may take.
	saveTime = 2 * time.Second
)

// finish takes a placed order through the checkout and returns the answer to its key. When the time of the request is over, the rest is
// left to saga.FinishDue, and when the caller leaves, to saga.FinishAbandoned.
func (c *Checkout) finish(ctx context.Context, o order.Order) (order.View, error) {
	inline, cancel := c.saga.Inline(ctx)
	defer cancel()
	var err error
	for try := range inlineTries {
		if try > 0 {
			if !outage.Sleep(inline, inlineWait<<(2*(try-1))) {
				break
			}
			o = c.reread(inline, o)
		}
		o, err = c.saga.Run(inline, o, func(o order.Order) bool { return o.Status() != order.StatusPending })
		if err == nil {
			break
		}
	}
	if err != nil {
		c.logger.WarnContext(ctx, "checkout goes on by itself", "order_id", o.ID(), "error", err)
	}
	switch {
	case o.Answer() != nil:
		return *o.Answer(), nil
	case ctx.Err() != nil:
		c.saga.Abandon(ctx, o.ID())
		return order.View{}, ctx.Err()
	}
	return c.answer(ctx, o)
}

// reread returns the order as it is saved, or o if the store cannot be asked. After an error a decision may have been saved although its
// answer was lost.
func (c *Checkout) reread(ctx context.Context, o order.Order) order.Order {
	saved, err := c.store.Get(ctx, o.ID())
	if err != nil {
		return o
	}
	return saved
}

// answer makes the order the answer to its key, unless there is one.
func (c *Checkout) answer(ctx context.Context, o order.Order) (order.View, error) {
	ctx, cancel := context.WithTimeout(ctx, saveTime)
	defer cancel()
	return c.store.Answer(ctx, o)
}
