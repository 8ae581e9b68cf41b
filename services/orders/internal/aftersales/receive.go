package aftersales

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/money"
	"souk/platform/security"

	"souk/services/orders/internal/order"
)

// ReceiveRequest tells what came of a return.
type ReceiveRequest struct {
	StaffID  string
	ReturnID string
	Came     order.Receipt
}

// ReceiveReturn takes the goods of a return back. It returns the return as it is then: refunded, or received when restocking and
// refunding take longer and go on by themselves. One that was received before is returned as it is. It returns a *field.Error for what
// was not announced, order.ErrReturnNotFound, or order.ErrReturnDecided for a return that was refused or withdrawn.
func (a *AfterSales) ReceiveReturn(ctx context.Context, req ReceiveRequest) (order.ReturnView, error) {
	if err := req.validate(); err != nil {
		return order.ReturnView{}, err
	}
	orderID, err := a.orderOf(ctx, req.ReturnID)
	if err != nil {
		return order.ReturnView{}, fmt.Errorf("receive return: %w", err)
	}
	inline, cancel := a.saga.Inline(ctx)
	defer cancel()
	o, err := a.receive(inline, orderID, req)
	if err != nil {
		return order.ReturnView{}, fmt.Errorf("receive return: %w", err)
	}
	o, err = a.saga.Run(inline, o, func(o order.Order) bool {
		goods, _ := o.Return(req.ReturnID)
		return goods.Status == order.ReturnRefunded
	})
	if err != nil {
		if ctx.Err() != nil {
			a.saga.Abandon(ctx, orderID)
		}
		a.logger.WarnContext(ctx, "return goes on by itself", "order_id", orderID, "return_id", req.ReturnID, "error", err)
	}
	goods, _ := o.ReturnView(req.ReturnID)
	return goods, nil
}

func (r ReceiveRequest) validate() error {
	var c field.Checker
	seen := map[order.ReceivedLine]bool{}
	for i, line := range r.Came.Lines {
		same := order.ReceivedLine{Item: order.Item{SKU: line.SKU}, Restock: line.Restock}
		checkLine(&c, i, line.Item, seen[same])
		seen[same] = true
	}
	return c.Err()
}

// receive saves the decision to take the goods back, and with it the refund for them.
func (a *AfterSales) receive(ctx context.Context, orderID string, req ReceiveRequest) (order.Order, error) {
	refundID, err := uuid.NewV7()
	if err != nil {
		return order.Order{}, err
	}
	return a.decideReturn(ctx, returnDecision{
		orderID: orderID, returnID: req.ReturnID, actor: req.StaffID, decided: []order.ReturnStatus{order.ReturnReceived, order.ReturnRefunded},
		decide: func(o *order.Order) error { return o.ReceiveReturn(req.ReturnID, refundID.String(), req.Came) },
		saved:  func(o order.Order) { logReceipt(ctx, o, req.ReturnID) },
	})
}

// logReceipt records that goods were accepted, and how much of the money goes back for them.
func logReceipt(ctx context.Context, o order.Order, returnID string) {
	amount := money.New(0, o.Totals().Total.Currency)
	if refund, ok := o.RefundOf(returnID); ok {
		amount = refund.Amount
	}
	security.Log(ctx, security.RefundDecided, o.ID(), slog.String("return", returnID), slog.String("amount", amount.String()))
}

// takeBack carries out the decision to take goods back.
func (s steps) takeBack(ctx context.Context, o order.Order) (order.Order, error) {
	goods, _ := o.ReceivedReturn()
	if items := o.Restocked(goods); len(items) > 0 {
		if err := s.peers.Inventory.Return(ctx, o.ID(), goods.ID, items); err != nil {
			return o, fmt.Errorf("return stock: %w", err)
		}
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
