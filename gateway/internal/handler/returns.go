package handler

import (
	"context"
	"strings"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

// RequestReturn requests the return of goods.
func (h *Handler) RequestReturn(ctx context.Context, req api.RequestReturnRequestObject) (api.RequestReturnResponseObject, error) {
	answer, err := h.Orders.RequestReturn(ctx, &ordersv1.RequestReturnRequest{
		OrderId: req.Id, Reason: req.Body.Reason,
		Lines: views(req.Body.Lines, returnLineProto),
	})
	if err != nil {
		return nil, err
	}
	return api.RequestReturn201JSONResponse(returnView(answer.GetReturn())), nil
}

// WithdrawReturn ends a return that its customer gives up.
func (h *Handler) WithdrawReturn(ctx context.Context, req api.WithdrawReturnRequestObject) (api.WithdrawReturnResponseObject, error) {
	answer, err := h.Orders.WithdrawReturn(ctx, &ordersv1.WithdrawReturnRequest{OrderId: req.Id, ReturnId: req.ReturnId})
	if err != nil {
		return nil, err
	}
	return api.WithdrawReturn200JSONResponse(returnView(answer.GetReturn())), nil
}

// ListReturns returns every customer's returns.
func (h *Handler) ListReturns(ctx context.Context, req api.ListReturnsRequestObject) (api.ListReturnsResponseObject, error) {
	answer, err := h.Orders.ListReturns(ctx, &ordersv1.ListReturnsRequest{
		Status: returnStatusProto(value(req.Params.Status)), Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	return api.ListReturns200JSONResponse{Items: views(answer.GetReturns(), returnView), NextCursor: optional(answer.GetNextCursor())}, nil
}

// RefuseReturn ends a return that the shop does not accept.
func (h *Handler) RefuseReturn(ctx context.Context, req api.RefuseReturnRequestObject) (api.RefuseReturnResponseObject, error) {
	answer, err := h.Orders.RefuseReturn(ctx, &ordersv1.RefuseReturnRequest{ReturnId: req.Id, Reason: req.Body.Reason})
	if err != nil {
		return nil, err
	}
	return api.RefuseReturn200JSONResponse(returnView(answer.GetReturn())), nil
}

// ReceiveReturn records the arrival of returned goods.
func (h *Handler) ReceiveReturn(ctx context.Context, req api.ReceiveReturnRequestObject) (api.ReceiveReturnResponseObject, error) {
	answer, err := h.Orders.ReceiveReturn(ctx, receiptProto(req))
	if err != nil {
		return nil, err
	}
	h.stock.changes.Note(views(answer.GetReturn().GetLines(), (*ordersv1.ReturnLine).GetSku)...)
	return api.ReceiveReturn200JSONResponse(returnView(answer.GetReturn())), nil
}

// receiptProto converts a receipt. Without a body all goods have come.
func receiptProto(req api.ReceiveReturnRequestObject) *ordersv1.ReceiveReturnRequest {
	receipt := &ordersv1.ReceiveReturnRequest{ReturnId: req.Id}
	if req.Body == nil {
		return receipt
	}
	receipt.RefundShipping = value(req.Body.RefundShipping)
	receipt.Lines = views(value(req.Body.Lines), func(l api.ReceivedLine) *ordersv1.ReceivedLine {
		return &ordersv1.ReceivedLine{Sku: l.Sku, Quantity: l.Quantity, Restock: l.Restock == nil || *l.Restock}
	})
	return receipt
}

// RefundOrder refunds money. Like a checkout's, the answer is made only from what orders stores for the key.
func (h *Handler) RefundOrder(ctx context.Context, req api.RefundOrderRequestObject) (api.RefundOrderResponseObject, error) {
	asked := &ordersv1.RefundOrderRequest{
		IdempotencyKey: req.Params.IdempotencyKey, OrderId: req.Id, Reason: req.Body.Reason,
		Lines: views(value(req.Body.Lines), returnLineProto), Shipping: value(req.Body.Shipping),
	}
	if req.Body.Amount != nil {
		asked.Amount = moneyProto(*req.Body.Amount)
	}
	answer, err := h.Orders.RefundOrder(ctx, asked)
	if err != nil {
		return nil, err
	}
	if answer.GetReplayed() {
		rpc.MarkReplayed(ctx)
	}
	return api.RefundOrder201JSONResponse(refundView(answer.GetRefund())), nil
}

// returnView omits what an earlier version of orders does not know, so that its stored answers keep their bytes.
func returnView(r *ordersv1.Return) api.Return {
	view := api.Return{
		Id: r.GetId(), OrderId: r.GetOrderId(), OrderNumber: optional(r.GetOrderNumber()), CustomerId: optional(r.GetCustomerId()),
		Status: api.ReturnStatus(enumName(r.GetStatus())),
		Lines:  views(r.GetLines(), returnLineView), NotRestocked: linesView(r.GetNotRestocked()),
		Reason: r.GetReason(), RefusalReason: optional(r.GetRefusalReason()),
		Amount: moneyView(r.GetAmount()), RefundShipping: r.RefundShipping, CreatedAt: r.GetCreatedAt().AsTime(),
	}
	if r.GetRefundAmount() != nil {
		view.RefundAmount = new(moneyView(r.GetRefundAmount()))
	}
	return view
}

// refundView omits lines and shipping from goodwill, which has neither.
func refundView(r *ordersv1.Refund) api.Refund {
	view := api.Refund{
		Id: r.GetId(), OrderId: r.GetOrderId(), Amount: moneyView(r.GetAmount()), Reason: r.GetReason(),
		Status: api.RefundStatus(enumName(r.GetStatus())), ReturnId: optional(r.GetReturnId()),
		Lines: linesView(r.GetLines()), CreatedAt: r.GetCreatedAt().AsTime(),
	}
	if r.GetShipping() || view.Lines != nil {
		view.Shipping = new(r.GetShipping())
	}
	return view
}

// linesView returns nil if there are no lines.
func linesView(lines []*ordersv1.ReturnLine) *[]api.ReturnLine {
	if len(lines) == 0 {
		return nil
	}
	return new(views(lines, returnLineView))
}

func returnLineView(l *ordersv1.ReturnLine) api.ReturnLine {
	return api.ReturnLine{Sku: l.GetSku(), Quantity: l.GetQuantity()}
}

func returnLineProto(l api.ReturnLine) *ordersv1.ReturnLine {
	return &ordersv1.ReturnLine{Sku: l.Sku, Quantity: l.Quantity}
}

func returnStatusProto(s api.ReturnStatus) ordersv1.Return_Status {
	return ordersv1.Return_Status(ordersv1.Return_Status_value["STATUS_"+strings.ToUpper(string(s))])
}
