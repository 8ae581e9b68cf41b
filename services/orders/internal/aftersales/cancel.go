package aftersales

import (
	"context"
	"fmt"

	"souk/platform/field"

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

// CancelAnyOrder is CancelOrder for staff, with a reason. It may also return a *field.Error.
func (a *AfterSales) CancelAnyOrder(ctx context.Context, staffID, id, reason string) (order.View, error) {
	var c field.Checker
	c.CheckLine("reason", reason, true, maxReason)
	if err := c.Err(); err != nil {
		return order.View{}, err
	}
	o, err := order.Find(ctx, a.store, order.Viewer{Staff: true}, id)
	if err != nil {
		return order.View{}, err
	}
	return a.decide(ctx, o, decision{
		actor: staffID, intent: order.IntentCancel, begin: func(o *order.Order) error { return o.BeginCancellationByStaff(reason) },
		target: order.StatusCancelled, refused: order.ErrNotCancellable,
	})
}

// cancel carries out the decision to cancel.
func (s steps) cancel(ctx context.Context, o order.Order) (order.Order, error) {
	o, done, err := s.money.LetGo(ctx, o)
	if err != nil || !done {
		return o, err
	}
	if err := s.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("release reservation: %w", err)
	}
	if err := o.Cancel(); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}
