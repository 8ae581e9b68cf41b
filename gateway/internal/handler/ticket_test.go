package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	createEventTicket = ordersv1.OrdersService_CreateEventTicket_FullMethodName
	redeemEventTicket = ordersv1.OrdersService_RedeemEventTicket_FullMethodName
)

func TestATicketIsCreatedForTheCallersOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, createEventTicket, func(ctx context.Context, req *ordersv1.CreateEventTicketRequest) (*ordersv1.CreateEventTicketResponse, error) {
		if access.FromContext(ctx).CustomerID != "customer-1" || req.GetOrderId() != "o1" {
			t.Errorf("asked %v by %+v", req, access.FromContext(ctx))
		}
		return &ordersv1.CreateEventTicketResponse{Ticket: "a-ticket", ExpiresIn: 60}, nil
	})
	r := s.send(t, customer, "POST", "/v1/orders/o1/event-tickets", nil)
	r.mustBe(t, 201, `{"ticket": "a-ticket", "expires_in": 60}`)
	if r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", r.header.Get("Cache-Control"))
	}
	s.fail(createEventTicket, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"))
	s.send(t, customer, "POST", "/v1/orders/o1/event-tickets", nil).refused(t, 404, "not_found")
	s.send(t, guest, "POST", "/v1/orders/o1/event-tickets", nil).refused(t, 401, "unauthenticated")
}

func TestATicketIsRedeemedByTheGatewayItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, redeemEventTicket, func(ctx context.Context, req *ordersv1.RedeemEventTicketRequest) (*ordersv1.RedeemEventTicketResponse, error) {
		if caller := access.FromContext(ctx); caller.Authenticated() || caller.Service != "gateway" {
			t.Errorf("called by %+v", caller)
		}
		if req.GetOrderId() != "o1" || req.GetTicket() != "a-ticket" {
			return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND, "ticket not found")
		}
		return &ordersv1.RedeemEventTicketResponse{AccessToken: s.token(t, customer)}, nil
	})
	on(s, waitForEvents, func(ctx context.Context, _ *ordersv1.WaitForEventsRequest) (*ordersv1.WaitForEventsResponse, error) {
		if access.FromContext(ctx).CustomerID != "customer-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		return &ordersv1.WaitForEventsResponse{Order: &ordersv1.Order{Status: cancelled}}, nil
	})
	// The order has a final status, so there are no more events.
	s.send(t, guest, "GET", "/v1/orders/o1/events?ticket=a-ticket", nil).mustBe(t, 204, "")
	s.send(t, guest, "GET", "/v1/orders/o1/events?ticket=another", nil).refused(t, 401, "unauthenticated")
	s.fail(redeemEventTicket, status.Error(codes.Unavailable, "away"))
	s.send(t, guest, "GET", "/v1/orders/o1/events?ticket=a-ticket", nil).refused(t, 503, "unavailable")
}
