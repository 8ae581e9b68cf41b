package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"
)

// GetEmail returns the e-mail address of an account.
func (s *Server) GetEmail(ctx context.Context, req *customersv1.GetEmailRequest) (*customersv1.GetEmailResponse, error) {
	email, verified, err := s.customers.EmailOf(ctx, req.GetCustomerId())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.GetEmailResponse{Email: email, Verified: verified}, nil
}
