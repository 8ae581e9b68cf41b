package aftersales

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/security"

	"souk/services/orders/internal/order"
)

// RefuseReturn ends a requested return that the shop does not accept. One that was refused before is returned as it is. It returns a
// *field.Error, order.ErrReturnNotFound, or order.ErrReturnDecided for a return that was received or withdrawn.
func (a *AfterSales) RefuseReturn(ctx context.Context, staffID, returnID, reason string) (order.ReturnView, error) {
	var c field.Checker
	c.CheckLine("reason", reason, true, maxReason)
	if err := c.Err(); err != nil {
		return order.ReturnView{}, err
	}
	orderID, err := a.orderOf(ctx, returnID)
	if err != nil {
		return order.ReturnView{}, fmt.Errorf("refuse return: %w", err)
	}
	o, err := a.decideReturn(ctx, returnDecision{
		orderID: orderID, returnID: returnID, actor: staffID, decided: []order.ReturnStatus{order.ReturnRefused},
		decide: func(o *order.Order) error { return o.RefuseReturn(returnID, reason) },
		saved: func(order.Order) {
			security.Log(ctx, security.ReturnRefused, orderID, slog.String("return", returnID))
		},
	})
	if err != nil {
		return order.ReturnView{}, fmt.Errorf("refuse return: %w", err)
	}
	refused, _ := o.ReturnView(returnID)
	return refused, nil
}

// WithdrawReturn ends a requested return that its customer gives up. One that was withdrawn before is returned as it is. It returns
// order.ErrNotFound, order.ErrReturnNotFound, or order.ErrReturnDecided for a return that was received or refused.
func (a *AfterSales) WithdrawReturn(ctx context.Context, customerID, orderID, returnID string) (order.ReturnView, error) {
	if _, err := order.Find(ctx, a.store, order.Viewer{CustomerID: customerID}, orderID); err != nil {
		return order.ReturnView{}, err
	}
	o, err := a.decideReturn(ctx, returnDecision{
		orderID: orderID, returnID: returnID, actor: customerID, decided: []order.ReturnStatus{order.ReturnWithdrawn},
		decide: func(o *order.Order) error { return o.WithdrawReturn(returnID) },
	})
	if err != nil {
		return order.ReturnView{}, fmt.Errorf("withdraw return: %w", err)
	}
	withdrawn, _ := o.ReturnView(returnID)
	return withdrawn, nil
}

// orderOf returns the id of a return's order, or order.ErrReturnNotFound.
func (a *AfterSales) orderOf(ctx context.Context, returnID string) (string, error) {
	if !identifier.Valid(returnID) {
		return "", order.ErrReturnNotFound
	}
	return a.store.OrderOfReturn(ctx, returnID)
}

// returnDecision is what becomes of a requested return.
type returnDecision struct {
	orderID, returnID string
	// actor is the id of who decides.
	actor string
	// decided are the statuses of a return about which this was decided before.
	decided []order.ReturnStatus
	decide  func(*order.Order) error
	// saved is called after the decision is saved, unless it is nil.
	saved func(order.Order)
}

// decideReturn saves a decision about a return, unless it was saved before, and returns the order.
func (a *AfterSales) decideReturn(ctx context.Context, d returnDecision) (order.Order, error) {
	for {
		o, err := a.store.Get(ctx, d.orderID)
		if err != nil {
			return order.Order{}, err
		}
		if goods, _ := o.Return(d.returnID); slices.Contains(d.decided, goods.Status) {
			return o, nil
		}
		o = o.By(d.actor)
		if err := d.decide(&o); err != nil {
			return order.Order{}, err
		}
		saved, err := a.store.Save(ctx, o)
		if err == nil && d.saved != nil {
			d.saved(saved)
		}
		if !errors.Is(err, order.ErrConflict) {
			return saved, err
		}
	}
}
