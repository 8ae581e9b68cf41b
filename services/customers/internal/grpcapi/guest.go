package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/field"
)

// GetGuestToken signs an access token for the order of a guest.
func (s *Server) GetGuestToken(_ context.Context, req *customersv1.GetGuestTokenRequest) (*customersv1.GetGuestTokenResponse, error) {
	var c field.Checker
	issuedAt := c.CheckTime("issued_at", req.GetIssuedAt())
	c.Check(req.GetIssuedAt() != nil, "issued_at", "is required")
	if err := c.Err(); err != nil {
		return nil, err
	}
	token, expiresAt, err := s.customers.GuestToken(req.GetOrderId(), issuedAt)
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetGuestTokenResponse{AccessToken: string(token), ExpiresAt: timestamppb.New(expiresAt)}, nil
}
