package aftersales

import (
	"context"
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
)

// DispatchOrder takes the money for a confirmed order and hands its parcel to the carrier. An order that is dispatched already is
// returned as it is. It returns order.ErrNotFound or order.ErrNotDispatchable, or saga.ErrUnavailable when the decision is saved but
// carrying it out takes longer.
func (a *AfterSales) DispatchOrder(ctx context.Context, staffID, id string) (order.View, error) {
	o, err := order.Find(ctx, a.store, order.Viewer{Staff: true}, id)
	if err != nil {
		return order.View{}, err
	}
	return a.decide(ctx, o, decision{
		actor: staffID, intent: order.IntentDispatch, begin: (*order.Order).BeginDispatch,
		target: order.StatusFulfilled, refused: order.ErrNotDispatchable,
	})
}

// dispatch carries out the decision to dispatch. When the money cannot be captured any more, the decision ends and the order stays
// confirmed.
func (s steps) dispatch(ctx context.Context, o order.Order) (order.Order, error) {
	err := s.peers.Payments.Capture(ctx, o.ID())
	if errors.Is(err, ErrNotAuthorized) {
		if err := o.AbandonDispatch(); err != nil {
			return o, err
		}
		return s.orders.Save(ctx, o)
	}
	if err != nil {
		return o, fmt.Errorf("capture: %w", err)
	}
	shipment, err := s.peers.Shipping.Ship(ctx, o.ID(), o.ShippingAddress(), o.Shipping())
	if err != nil {
		return o, fmt.Errorf("ship: %w", err)
	}
	if err := o.Dispatch(shipment); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}
