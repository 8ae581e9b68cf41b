package grpcapi

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"

	"souk/services/orders/internal/events"
)

// CreateEventTicket makes a ticket that stands for the caller's access token.
func (s *Server) CreateEventTicket(ctx context.Context, req *ordersv1.CreateEventTicketRequest) (*ordersv1.CreateEventTicketResponse, error) {
	caller := access.FromContext(ctx)
	ticket, err := s.tickets.Create(ctx, events.TicketRequest{
		CustomerID: caller.CustomerID, OrderID: req.GetOrderId(), Token: access.Token(ctx), TokenEnds: caller.ExpiresAt,
	})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.CreateEventTicketResponse{Ticket: ticket.Text, ExpiresIn: int64(ticket.Life.Seconds())}, nil
}

// RedeemEventTicket spends a ticket.
func (s *Server) RedeemEventTicket(ctx context.Context, req *ordersv1.RedeemEventTicketRequest) (*ordersv1.RedeemEventTicketResponse, error) {
	token, err := s.tickets.Redeem(ctx, req.GetOrderId(), req.GetTicket())
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RedeemEventTicketResponse{AccessToken: token}, nil
}
