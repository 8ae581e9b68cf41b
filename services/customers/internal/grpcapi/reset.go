package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/services/customers/internal/customers"
)

// RequestPasswordReset has a mail sent with a token for a new password.
func (s *Server) RequestPasswordReset(ctx context.Context, req *customersv1.RequestPasswordResetRequest) (*customersv1.RequestPasswordResetResponse, error) {
	if err := s.customers.RequestPasswordReset(ctx, req.GetEmail()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RequestPasswordResetResponse{}, nil
}

// ResetPassword sets a new password with such a token.
func (s *Server) ResetPassword(ctx context.Context, req *customersv1.ResetPasswordRequest) (*customersv1.ResetPasswordResponse, error) {
	if err := s.customers.ResetPassword(ctx, customers.Secret(req.GetToken()), customers.Secret(req.GetPassword())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.ResetPasswordResponse{}, nil
}

// RequestEmailVerification has a mail sent with a token that confirms the caller's address.
func (s *Server) RequestEmailVerification(ctx context.Context, _ *customersv1.RequestEmailVerificationRequest) (*customersv1.RequestEmailVerificationResponse, error) {
	if err := s.customers.RequestEmailVerification(ctx, caller(ctx)); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RequestEmailVerificationResponse{}, nil
}

// RequestEmailChange has a mail sent to another address, with a token that makes it the caller's.
func (s *Server) RequestEmailChange(ctx context.Context, req *customersv1.RequestEmailChangeRequest) (*customersv1.RequestEmailChangeResponse, error) {
	if err := s.customers.RequestEmailChange(ctx, caller(ctx), req.GetEmail(), customers.Secret(req.GetPassword())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.RequestEmailChangeResponse{}, nil
}

// VerifyEmail confirms an address with such a token.
func (s *Server) VerifyEmail(ctx context.Context, req *customersv1.VerifyEmailRequest) (*customersv1.VerifyEmailResponse, error) {
	if err := s.customers.VerifyEmail(ctx, customers.Secret(req.GetToken())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.VerifyEmailResponse{}, nil
}
