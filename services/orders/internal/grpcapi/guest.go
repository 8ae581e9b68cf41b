package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/field"

	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
)

// PlaceGuestOrder turns a guest's cart into an order.
func (s *Server) PlaceGuestOrder(ctx context.Context, req *ordersv1.PlaceGuestOrderRequest) (*ordersv1.PlaceGuestOrderResponse, error) {
	if access.FromContext(ctx).Authenticated() {
		return nil, field.Invalid("email", "is for those without an account")
	}
	place := placeRequest(ctx, req.GetOrder())
	place.GuestEmail = req.GetEmail()
	placement, err := s.orders.PlaceOrder(ctx, place)
	if err != nil {
		return nil, statusError(err)
	}
	answer := &ordersv1.PlaceGuestOrderResponse{Placement: placementProto(placement), Replayed: placement.Replayed}
	if placement.Order.Status == order.StatusRejected {
		return answer, nil
	}
	granted := s.guests.Token(ctx, placement.Order)
	answer.AccessToken, answer.AccessTokenExpiresAt = granted.Token, timestamppb.New(granted.ExpiresAt)
	return answer, nil
}

// RequestOrderLookup has a link mailed to a guest.
func (s *Server) RequestOrderLookup(ctx context.Context, req *ordersv1.RequestOrderLookupRequest) (*ordersv1.RequestOrderLookupResponse, error) {
	if err := s.guests.RequestLookup(ctx, req.GetNumber(), req.GetEmail()); err != nil {
		return nil, statusError(err)
	}
	return &ordersv1.RequestOrderLookupResponse{}, nil
}

// RedeemOrderLookup exchanges the token of such a link for an access token.
func (s *Server) RedeemOrderLookup(ctx context.Context, req *ordersv1.RedeemOrderLookupRequest) (*ordersv1.RedeemOrderLookupResponse, error) {
	granted, err := s.guests.Redeem(ctx, req.GetToken())
	if err != nil {
		return nil, statusError(err)
	}
	return redeemedProto(granted), nil
}

func redeemedProto(granted guest.Access) *ordersv1.RedeemOrderLookupResponse {
	return &ordersv1.RedeemOrderLookupResponse{
		OrderId: granted.OrderID, AccessToken: granted.Token, AccessTokenExpiresAt: timestamppb.New(granted.ExpiresAt),
	}
}
