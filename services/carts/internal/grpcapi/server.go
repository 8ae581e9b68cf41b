// Package grpcapi serves carts' contract: proto in, domain out.
package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/access"

	"souk/services/carts/internal/carts"
)

// Server implements cartsv1.CartsServiceServer.
type Server struct {
	cartsv1.UnimplementedCartsServiceServer
	carts *carts.Service
}

// New returns a server of service.
func New(service *carts.Service) *Server {
	return &Server{carts: service}
}

// CreateCart opens a cart.
func (s *Server) CreateCart(ctx context.Context, _ *cartsv1.CreateCartRequest) (*cartsv1.CreateCartResponse, error) {
	cart, err := s.carts.Create(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.CreateCartResponse{Cart: cartProto(cart)}, nil
}

// GetCart returns a cart.
func (s *Server) GetCart(ctx context.Context, req *cartsv1.GetCartRequest) (*cartsv1.GetCartResponse, error) {
	cart, err := s.carts.Get(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.GetCartResponse{Cart: cartProto(cart)}, nil
}

// GetCurrentCart returns the caller's open cart.
func (s *Server) GetCurrentCart(ctx context.Context, _ *cartsv1.GetCurrentCartRequest) (*cartsv1.GetCurrentCartResponse, error) {
	cart, err := s.carts.Current(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.GetCurrentCartResponse{Cart: cartProto(cart)}, nil
}

// SetItem puts a SKU in a cart.
func (s *Server) SetItem(ctx context.Context, req *cartsv1.SetItemRequest) (*cartsv1.SetItemResponse, error) {
	cart, err := s.carts.SetItem(ctx, caller(ctx), req.GetCartId(), req.GetSku(), req.GetQuantity())
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.SetItemResponse{Cart: cartProto(cart)}, nil
}

// RemoveItem takes a SKU out of a cart.
func (s *Server) RemoveItem(ctx context.Context, req *cartsv1.RemoveItemRequest) (*cartsv1.RemoveItemResponse, error) {
	cart, err := s.carts.RemoveItem(ctx, caller(ctx), req.GetCartId(), req.GetSku())
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.RemoveItemResponse{Cart: cartProto(cart)}, nil
}

// ClaimCart merges a guest cart into the caller's.
func (s *Server) ClaimCart(ctx context.Context, req *cartsv1.ClaimCartRequest) (*cartsv1.ClaimCartResponse, error) {
	cart, err := s.carts.Claim(ctx, caller(ctx), req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.ClaimCartResponse{Cart: cartProto(cart)}, nil
}

// EraseCustomer deletes the caller's cart.
func (s *Server) EraseCustomer(ctx context.Context, _ *cartsv1.EraseCustomerRequest) (*cartsv1.EraseCustomerResponse, error) {
	if err := s.carts.Erase(ctx, caller(ctx)); err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.EraseCustomerResponse{}, nil
}

// CheckOutCart takes ordered lines out of a cart.
func (s *Server) CheckOutCart(ctx context.Context, req *cartsv1.CheckOutCartRequest) (*cartsv1.CheckOutCartResponse, error) {
	lines := make([]carts.Line, len(req.GetLines()))
	for i, l := range req.GetLines() {
		lines[i] = carts.Line{SKU: l.GetSku(), Quantity: l.GetQuantity()}
	}
	checkout := carts.Checkout{OrderID: req.GetOrderId(), Lines: lines, Purchases: req.GetPurchaseIds()}
	if err := s.carts.CheckOut(ctx, req.GetCartId(), checkout); err != nil {
		return nil, wireError(err)
	}
	return &cartsv1.CheckOutCartResponse{}, nil
}

func caller(ctx context.Context) string {
	return access.FromContext(ctx).CustomerID
}

func cartProto(c carts.Cart) *cartsv1.Cart {
	out := &cartsv1.Cart{Id: c.ID, CustomerId: c.CustomerID, ExpiresAt: timestamppb.New(c.ExpiresAt), PurchaseIds: c.Purchases}
	for _, l := range c.Lines {
		out.Lines = append(out.Lines, &cartsv1.Line{Sku: l.SKU, Quantity: l.Quantity})
	}
	return out
}
