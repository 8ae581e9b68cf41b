package handler

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// RequestPasswordReset has a mail sent with a token for a new password.
func (h *Handler) RequestPasswordReset(ctx context.Context, req api.RequestPasswordResetRequestObject) (api.RequestPasswordResetResponseObject, error) {
	if _, err := h.Customers.RequestPasswordReset(ctx, &customersv1.RequestPasswordResetRequest{Email: req.Body.Email}); err != nil {
		return nil, err
	}
	return api.RequestPasswordReset202Response{}, nil
}

// ResetPassword sets a new password with such a token.
func (h *Handler) ResetPassword(ctx context.Context, req api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	if _, err := h.Customers.ResetPassword(ctx, &customersv1.ResetPasswordRequest{Token: req.Body.Token, Password: req.Body.Password}); err != nil {
		return nil, err
	}
	return api.ResetPassword204Response{}, nil
}

// RequestEmailVerification has a mail sent with a token that confirms the caller's address.
func (h *Handler) RequestEmailVerification(ctx context.Context, _ api.RequestEmailVerificationRequestObject) (api.RequestEmailVerificationResponseObject, error) {
	if _, err := h.Customers.RequestEmailVerification(ctx, &customersv1.RequestEmailVerificationRequest{}); err != nil {
		return nil, err
	}
	return api.RequestEmailVerification202Response{}, nil
}

// ChangeEmail has a mail sent to another address, with a token that makes it the caller's.
func (h *Handler) ChangeEmail(ctx context.Context, req api.ChangeEmailRequestObject) (api.ChangeEmailResponseObject, error) {
	if _, err := h.Customers.RequestEmailChange(ctx, &customersv1.RequestEmailChangeRequest{Email: req.Body.Email, Password: req.Body.Password}); err != nil {
		return nil, err
	}
	return api.ChangeEmail202Response{}, nil
}

// VerifyEmail confirms an address with such a token.
func (h *Handler) VerifyEmail(ctx context.Context, req api.VerifyEmailRequestObject) (api.VerifyEmailResponseObject, error) {
	if _, err := h.Customers.VerifyEmail(ctx, &customersv1.VerifyEmailRequest{Token: req.Body.Token}); err != nil {
		return nil, err
	}
	return api.VerifyEmail204Response{}, nil
}
