// Package grpcapi is responsible for the gRPC contract of orders: proto in, domain out, and errors as
// status codes with reasons.
package grpcapi

import (
	"context"

	accessv1 "souk/proto/gen/souk/access/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/idempotency"
	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/sales"
)

// Server implements ordersv1.OrdersServiceServer.
type Server struct {
	ordersv1.UnimplementedOrdersServiceServer
	orders  *orders.Service
	tickets *events.Tickets
	guests  *guest.Guests
	sales   *sales.Feed
	keys    Keys
}

// Keys keeps the idempotency keys of requests, by what their work is.
//
// PlaceOrder and RefundOrder do without them, although all keys are in the same table (platform/pgkey). They make something new, so the
// key has to be saved in the transaction that makes it: otherwise a process that dies in between leaves a key without an order, or an
// order that the same request would place again.
type Keys struct {
	// Transaction is for work that is one transaction.
	Transaction idempotency.Keeper
	// Steps is for work of several steps that change an order or a return, by its id.
	Steps interface {
		About(id string) idempotency.Keeper
	}
}

// New returns a server of service, its tickets, its guests and its sales.
func New(service *orders.Service, tickets *events.Tickets, guests *guest.Guests, sold *sales.Feed, keys Keys) *Server {
	return &Server{orders: service, tickets: tickets, guests: guests, sales: sold, keys: keys}
}

// PlaceOrder turns the caller's cart into an order.
func (s *Server) PlaceOrder(ctx context.Context, req *ordersv1.PlaceOrderRequest) (*ordersv1.PlaceOrderResponse, error) {
	placement, err := s.orders.PlaceOrder(ctx, placeRequest(ctx, req))
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.PlaceOrderResponse{Placement: placementProto(placement), Replayed: placement.Replayed}, nil
}

func placementProto(p checkout.Placement) *ordersv1.Placement {
	return &ordersv1.Placement{Order: orderProto(p.Order), RequestId: p.RequestID}
}

func placeRequest(ctx context.Context, req *ordersv1.PlaceOrderRequest) checkout.PlaceRequest {
	place := checkout.PlaceRequest{
		CustomerID: access.FromContext(ctx).CustomerID, IdempotencyKey: req.GetIdempotencyKey(),
		RequestID: rpc.RequestID(ctx), Retried: rpc.Retried(ctx),
		CartID: req.GetCartId(), AddressID: req.GetAddressId(),
		ShippingOption: req.GetShippingOption(), PaymentMethod: req.GetPaymentMethod(),
	}
	if a := req.GetShippingAddress(); a != nil {
		address := addressOf(a)
		place.ShippingAddress = &address
	}
	if m := req.GetExpectedTotal(); m != nil {
		expected := moneyOf(m)
		place.ExpectedTotal = &expected
	}
	return place
}

// viewerOf returns the caller as somebody who looks at an order.
func viewerOf(ctx context.Context) order.Viewer {
	caller := access.FromContext(ctx)
	return order.Viewer{CustomerID: caller.CustomerID, Staff: caller.Has(accessv1.Scope_SCOPE_ORDERS_READ)}
}

// GetOrder returns an order of the caller or, for staff, any.
func (s *Server) GetOrder(ctx context.Context, req *ordersv1.GetOrderRequest) (*ordersv1.GetOrderResponse, error) {
	viewer := viewerOf(ctx)
	o, err := s.orders.GetOrder(ctx, viewer, req.GetId())
	if err != nil {
		return nil, statusError(err)
	}
	if viewer.Staff {
		return &ordersv1.GetOrderResponse{Order: staffOrderProto(o)}, nil
	}
	return &ordersv1.GetOrderResponse{Order: orderProto(o)}, nil
}

// ListOrders returns the caller's orders.
func (s *Server) ListOrders(ctx context.Context, req *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
	caller := access.FromContext(ctx).CustomerID
	if req.GetCursor() == "" {
		s.guests.Adopt(ctx, caller)
	}
	page, err := s.orders.ListOrders(ctx, orders.Query{
		Filter: order.Filter{CustomerID: caller, Limit: int(req.GetLimit())}, Cursor: req.GetCursor(),
	})
	if err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.ListOrdersResponse{Orders: all(page.Orders, orderProto), NextCursor: page.NextCursor}, nil
}

// CancelOrder gives up an order of the caller.
func (s *Server) CancelOrder(ctx context.Context, req *ordersv1.CancelOrderRequest) (*ordersv1.CancelOrderResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetId()), req, func(ctx context.Context) (*ordersv1.CancelOrderResponse, error) {
		o, err := s.orders.CancelOrder(ctx, access.FromContext(ctx).CustomerID, req.GetId())
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.CancelOrderResponse{Order: orderProto(o)}, nil
	})
}

// EraseCustomer erases the caller from their orders.
func (s *Server) EraseCustomer(ctx context.Context, _ *ordersv1.EraseCustomerRequest) (*ordersv1.EraseCustomerResponse, error) {
	if err := s.orders.EraseCustomer(ctx, access.FromContext(ctx).CustomerID); err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.EraseCustomerResponse{}, nil
}

// DispatchOrder ships an order.
func (s *Server) DispatchOrder(ctx context.Context, req *ordersv1.DispatchOrderRequest) (*ordersv1.DispatchOrderResponse, error) {
	return rpc.Once(ctx, s.keys.Steps.About(req.GetId()), req, func(ctx context.Context) (*ordersv1.DispatchOrderResponse, error) {
		o, err := s.orders.DispatchOrder(ctx, access.FromContext(ctx).ID(), req.GetId())
		if err != nil {
			return nil, statusError(err)
		}
		return &ordersv1.DispatchOrderResponse{Order: staffOrderProto(o)}, nil
	})
}
