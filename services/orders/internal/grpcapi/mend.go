package grpcapi

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
)

// MendOrder makes the other services agree with an order.
func (s *Server) MendOrder(ctx context.Context, req *ordersv1.MendOrderRequest) (*ordersv1.MendOrderResponse, error) {
	if err := s.orders.MendOrder(ctx, access.FromContext(ctx).ID(), req.GetId()); err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.MendOrderResponse{}, nil
}
