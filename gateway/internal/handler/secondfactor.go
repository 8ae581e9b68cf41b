package handler

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// StartSecondFactor makes a secret for codes.
func (h *Handler) StartSecondFactor(ctx context.Context, _ api.StartSecondFactorRequestObject) (api.StartSecondFactorResponseObject, error) {
	answer, err := h.Customers.StartSecondFactor(ctx, &customersv1.StartSecondFactorRequest{})
	if err != nil {
		return nil, err
	}
	return api.StartSecondFactor201JSONResponse{Secret: answer.GetSecret(), OtpauthUri: answer.GetUri()}, nil
}

// ConfirmSecondFactor makes the caller's logins ask for a code.
func (h *Handler) ConfirmSecondFactor(ctx context.Context, req api.ConfirmSecondFactorRequestObject) (api.ConfirmSecondFactorResponseObject, error) {
	answer, err := h.Customers.ConfirmSecondFactor(ctx, &customersv1.ConfirmSecondFactorRequest{Code: req.Body.Code})
	if err != nil {
		return nil, err
	}
	return api.ConfirmSecondFactor200JSONResponse{RecoveryCodes: answer.GetRecoveryCodes()}, nil
}

// RemoveSecondFactor makes the password suffice for the caller's logins.
func (h *Handler) RemoveSecondFactor(ctx context.Context, req api.RemoveSecondFactorRequestObject) (api.RemoveSecondFactorResponseObject, error) {
	_, err := h.Customers.RemoveSecondFactor(ctx, &customersv1.RemoveSecondFactorRequest{Password: req.Body.Password, Code: req.Body.Code})
	if err != nil {
		return nil, err
	}
	return api.RemoveSecondFactor204Response{}, nil
}
