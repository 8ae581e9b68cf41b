package handler

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
)

// CreateEventTicket creates a ticket for an order's events.
func (h *Handler) CreateEventTicket(ctx context.Context, req api.CreateEventTicketRequestObject) (api.CreateEventTicketResponseObject, error) {
	answer, err := h.Orders.CreateEventTicket(ctx, &ordersv1.CreateEventTicketRequest{OrderId: req.Id})
	if err != nil {
		return nil, err
	}
	return api.CreateEventTicket201JSONResponse{Ticket: answer.GetTicket(), ExpiresIn: answer.GetExpiresIn()}, nil
}

// RedeemEventTicket exchanges a ticket for its access token. It is used as edge.Options.Redeem.
func (h *Handler) RedeemEventTicket(ctx context.Context, orderID, ticket string) (token string, err error) {
	answer, err := h.Orders.RedeemEventTicket(ctx, &ordersv1.RedeemEventTicketRequest{OrderId: orderID, Ticket: ticket})
	return answer.GetAccessToken(), err
}
