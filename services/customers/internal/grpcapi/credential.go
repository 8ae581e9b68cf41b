package grpcapi

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"

	"souk/services/customers/internal/customers"
)

// ChangePassword gives the caller another password.
func (s *Server) ChangePassword(ctx context.Context, req *customersv1.ChangePasswordRequest) (*customersv1.ChangePasswordResponse, error) {
	current, next := customers.Secret(req.GetCurrentPassword()), customers.Secret(req.GetNewPassword())
	if err := s.customers.ChangePassword(ctx, caller(ctx), access.FromContext(ctx).SessionID, current, next); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.ChangePasswordResponse{}, nil
}

// PrepareDeletion tells whether the caller's account could be deleted.
func (s *Server) PrepareDeletion(ctx context.Context, req *customersv1.PrepareDeletionRequest) (*customersv1.PrepareDeletionResponse, error) {
	if err := s.customers.PrepareDeletion(ctx, caller(ctx), customers.Secret(req.GetPassword())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.PrepareDeletionResponse{}, nil
}

// DeleteAccount deletes the caller's account.
func (s *Server) DeleteAccount(ctx context.Context, req *customersv1.DeleteAccountRequest) (*customersv1.DeleteAccountResponse, error) {
	if err := s.customers.DeleteAccount(ctx, caller(ctx), customers.Secret(req.GetPassword())); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.DeleteAccountResponse{}, nil
}
