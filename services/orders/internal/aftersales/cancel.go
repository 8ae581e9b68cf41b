package aftersales

import (
	"context"
	"fmt"

	"souk/services/orders/internal/order"
)

// CancelOrder cancels a confirmed order of a customer before it is dispatched. An order that is cancelled already is returned as it
// is. It returns order.ErrNotFound or order.ErrNotCancellable, or saga.ErrUnavailable when the decision is saved but carrying it out takes
// longer.
func (a *AfterSales) CancelOrder(ctx context.Context, customerID, id string) (order.View, error) {
	o, err := order.Find(ctx, a.store, order.Viewer{CustomerID: customerID}, id)
	if err != nil {
		return order.View{}, err
	}
	return a.decide(ctx, o, decision{
		actor: customerID, intent: order.IntentCancel, begin: (*order.Order).BeginCancellation,
		target: order.StatusCancelled, refused: order.ErrNotCancellable,
	})
}

// cancel carries out the decision to cancel.
func (s steps) cancel(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Payments.Void(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("void payment: %w", err)
	}
	if err := s.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("release reservation: %w", err)
	}
	if err := o.Cancel(); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}
