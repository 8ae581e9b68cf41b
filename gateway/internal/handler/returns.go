package handler

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

// RequestReturn requests the return of goods.
func (h *Handler) RequestReturn(ctx context.Context, req api.RequestReturnRequestObject) (api.RequestReturnResponseObject, error) {
	answer, err := h.Orders.RequestReturn(ctx, &ordersv1.RequestReturnRequest{
		OrderId: req.Id, Reason: req.Body.Reason,
		Lines: views(req.Body.Lines, func(l api.ReturnLine) *ordersv1.ReturnLine {
			return &ordersv1.ReturnLine{Sku: l.Sku, Quantity: l.Quantity}
		}),
	})
	if err != nil {
		return nil, err
	}
	return api.RequestReturn201JSONResponse(returnView(answer.GetReturn())), nil
}

// ReceiveReturn records the arrival of returned goods.
func (h *Handler) ReceiveReturn(ctx context.Context, req api.ReceiveReturnRequestObject) (api.ReceiveReturnResponseObject, error) {
	answer, err := h.Orders.ReceiveReturn(ctx, &ordersv1.ReceiveReturnRequest{ReturnId: req.Id})
	if err != nil {
		return nil, err
	}
	h.stock.changes.Note(views(answer.GetReturn().GetLines(), (*ordersv1.ReturnLine).GetSku)...)
	return api.ReceiveReturn200JSONResponse(returnView(answer.GetReturn())), nil
}

// RefundOrder refunds money. Like a checkout's, the answer is made only from what orders stores for the key.
func (h *Handler) RefundOrder(ctx context.Context, req api.RefundOrderRequestObject) (api.RefundOrderResponseObject, error) {
	answer, err := h.Orders.RefundOrder(ctx, &ordersv1.RefundOrderRequest{
		IdempotencyKey: req.Params.IdempotencyKey, OrderId: req.Id,
		Amount: moneyProto(req.Body.Amount), Reason: req.Body.Reason,
	})
	if err != nil {
		return nil, err
	}
	if answer.GetReplayed() {
		rpc.MarkReplayed(ctx)
	}
	return api.RefundOrder201JSONResponse(refundView(answer.GetRefund())), nil
}

func returnView(r *ordersv1.Return) api.Return {
	return api.Return{
		Id: r.GetId(), OrderId: r.GetOrderId(), Status: api.ReturnStatus(enumName(r.GetStatus())),
		Lines: views(r.GetLines(), func(l *ordersv1.ReturnLine) api.ReturnLine {
			return api.ReturnLine{Sku: l.GetSku(), Quantity: l.GetQuantity()}
		}),
		Reason: r.GetReason(), Amount: moneyView(r.GetAmount()), CreatedAt: r.GetCreatedAt().AsTime(),
	}
}

func refundView(r *ordersv1.Refund) api.Refund {
	return api.Refund{
		Id: r.GetId(), OrderId: r.GetOrderId(), Amount: moneyView(r.GetAmount()), Reason: r.GetReason(),
		Status: api.RefundStatus(enumName(r.GetStatus())), ReturnId: optional(r.GetReturnId()),
		CreatedAt: r.GetCreatedAt().AsTime(),
	}
}
