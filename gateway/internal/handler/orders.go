package handler

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

// ListOrders returns the caller's orders.
func (h *Handler) ListOrders(ctx context.Context, req api.ListOrdersRequestObject) (api.ListOrdersResponseObject, error) {
	answer, err := h.Orders.ListOrders(ctx, &ordersv1.ListOrdersRequest{
		Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	return api.ListOrders200JSONResponse{
		Items: h.orderViews(ctx, answer.GetOrders()), NextCursor: optional(answer.GetNextCursor()),
	}, nil
}

// GetOrder returns one order.
func (h *Handler) GetOrder(ctx context.Context, req api.GetOrderRequestObject) (api.GetOrderResponseObject, error) {
	answer, err := h.Orders.GetOrder(ctx, &ordersv1.GetOrderRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	return api.GetOrder200JSONResponse(h.composedOrder(ctx, answer.GetOrder())), nil
}

// CancelOrder cancels an order.
func (h *Handler) CancelOrder(ctx context.Context, req api.CancelOrderRequestObject) (api.CancelOrderResponseObject, error) {
	answer, err := h.Orders.CancelOrder(ctx, &ordersv1.CancelOrderRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	h.noteSold(answer.GetOrder())
	return api.CancelOrder200JSONResponse(h.composedOrder(ctx, answer.GetOrder())), nil
}

// DispatchOrder captures the payment of an order and ships it. Like a checkout's, the answer is made only from what orders stores for
// the key.
func (h *Handler) DispatchOrder(ctx context.Context, req api.DispatchOrderRequestObject) (api.DispatchOrderResponseObject, error) {
	answer, err := h.Orders.DispatchOrder(ctx, &ordersv1.DispatchOrderRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	return api.DispatchOrder200JSONResponse(h.dispatchedOrder(ctx, answer.GetOrder())), nil
}
