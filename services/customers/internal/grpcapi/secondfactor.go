package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/services/customers/internal/customers"
)

// StartSecondFactor makes a secret for codes.
func (s *Server) StartSecondFactor(ctx context.Context, _ *customersv1.StartSecondFactorRequest) (*customersv1.StartSecondFactorResponse, error) {
	secret, uri, err := s.customers.StartSecondFactor(ctx, caller(ctx))
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.StartSecondFactorResponse{Secret: string(secret), Uri: string(uri)}, nil
}

// ConfirmSecondFactor makes the caller's logins ask for a code.
func (s *Server) ConfirmSecondFactor(ctx context.Context, req *customersv1.ConfirmSecondFactorRequest) (*customersv1.ConfirmSecondFactorResponse, error) {
	codes, err := s.customers.ConfirmSecondFactor(ctx, caller(ctx), req.GetCode())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ConfirmSecondFactorResponse{}
	for _, code := range codes {
		answer.RecoveryCodes = append(answer.RecoveryCodes, string(code))
	}
	return answer, nil
}

// RemoveSecondFactor makes the password suffice for the caller's logins.
func (s *Server) RemoveSecondFactor(ctx context.Context, req *customersv1.RemoveSecondFactorRequest) (*customersv1.RemoveSecondFactorResponse, error) {
	if err := s.customers.RemoveSecondFactor(ctx, caller(ctx), customers.Secret(req.GetPassword()), req.GetCode()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RemoveSecondFactorResponse{}, nil
}
