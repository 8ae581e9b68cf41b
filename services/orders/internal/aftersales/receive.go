package aftersales

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"souk/platform/identifier"
	"souk/platform/security"

	"souk/services/orders/internal/order"
)

// ReceiveReturn takes the goods of a return back. It returns the return as it is then: refunded, or received when restocking and
// refunding take longer and go on by themselves. One that was received before is returned as it is. With it comes the id of its order.
// It returns order.ErrReturnNotFound.
func (a *AfterSales) ReceiveReturn(ctx context.Context, returnID string) (orderID string, goods order.Return, err error) {
	if !identifier.Valid(returnID) {
		return "", order.Return{}, order.ErrReturnNotFound
	}
	orderID, err = a.store.OrderOfReturn(ctx, returnID)
	if err != nil {
		return "", order.Return{}, fmt.Errorf("receive return: %w", err)
	}
	inline, cancel := a.saga.Inline(ctx)
	defer cancel()
	o, err := a.receive(inline, orderID, returnID)
	if err != nil {
		return "", order.Return{}, fmt.Errorf("receive return: %w", err)
	}
	o, err = a.saga.Run(inline, o, func(o order.Order) bool {
		goods, _ := o.Return(returnID)
		return goods.Status == order.ReturnRefunded
	})
	if err != nil {
		if ctx.Err() != nil {
			a.saga.Abandon(orderID)
		}
		a.logger.WarnContext(ctx, "return goes on by itself", "order_id", orderID, "return_id", returnID, "error", err)
	}
	goods, _ = o.Return(returnID)
	return orderID, goods, nil
}

// receive saves the decision to take the goods back, and with it the refund for them.
func (a *AfterSales) receive(ctx context.Context, orderID, returnID string) (order.Order, error) {
	refundID, err := uuid.NewV7()
	if err != nil {
		return order.Order{}, err
	}
	for {
		o, err := a.store.Get(ctx, orderID)
		if err != nil {
			return order.Order{}, err
		}
		goods, _ := o.Return(returnID)
		if goods.Status != order.ReturnRequested {
			return o, nil
		}
		if err := o.ReceiveReturn(returnID, refundID.String()); err != nil {
			return order.Order{}, err
		}
		saved, err := a.store.Save(ctx, o)
		if err == nil {
			security.Log(ctx, security.RefundDecided, orderID, slog.String("return", returnID), slog.String("amount", goods.Amount.String()))
		}
		if !errors.Is(err, order.ErrConflict) {
			return saved, err
		}
	}
}

// takeBack carries out the decision to take goods back.
func (s steps) takeBack(ctx context.Context, o order.Order) (order.Order, error) {
	goods, _ := o.ReceivedReturn()
	if err := s.peers.Inventory.Return(ctx, o.ID(), goods.ID, goods.Lines); err != nil {
		return o, fmt.Errorf("return stock: %w", err)
	}
	if refund, ok := o.RefundOf(goods.ID); ok && refund.Status == order.RefundPending {
		if err := s.money.PayBack(ctx, &o, refund); err != nil {
			return o, err
		}
	}
	if err := o.CompleteReturn(goods.ID); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}
