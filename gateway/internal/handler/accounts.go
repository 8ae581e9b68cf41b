package handler

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// RegisterCustomer creates an account.
func (h *Handler) RegisterCustomer(ctx context.Context, req api.RegisterCustomerRequestObject) (api.RegisterCustomerResponseObject, error) {
	answer, err := h.Customers.Register(ctx, &customersv1.RegisterRequest{
		Email: req.Body.Email, Password: req.Body.Password, Name: req.Body.Name,
	})
	if err != nil {
		return nil, err
	}
	return api.RegisterCustomer201JSONResponse(customerView(answer.GetCustomer())), nil
}

// CreateSession signs a customer in, with a password or with the one-time code of a sign-in with a provider.
func (h *Handler) CreateSession(ctx context.Context, req api.CreateSessionRequestObject) (api.CreateSessionResponseObject, error) {
	if req.Body.Email == nil && req.Body.Password == nil && req.Body.Code != nil {
		return h.redeemSignIn(ctx, req.Body)
	}
	if err := checkPasswordLogin(req.Body); err != nil {
		return nil, err
	}
	answer, err := h.Customers.Login(ctx, &customersv1.LoginRequest{
		Email: value(req.Body.Email), Password: value(req.Body.Password), Code: value(req.Body.Code), UserAgent: userAgent(ctx),
	})
	if err != nil {
		return nil, err
	}
	return api.CreateSession201JSONResponse(sessionView(answer.GetSession())), nil
}

// RefreshSession exchanges a refresh token for new tokens.
func (h *Handler) RefreshSession(ctx context.Context, req api.RefreshSessionRequestObject) (api.RefreshSessionResponseObject, error) {
	answer, err := h.Customers.Refresh(ctx, &customersv1.RefreshRequest{RefreshToken: req.Body.RefreshToken})
	if err != nil {
		return nil, err
	}
	return api.RefreshSession200JSONResponse(sessionView(answer.GetSession())), nil
}

// DeleteSession signs the caller out.
func (h *Handler) DeleteSession(ctx context.Context, _ api.DeleteSessionRequestObject) (api.DeleteSessionResponseObject, error) {
	if _, err := h.Customers.Logout(ctx, &customersv1.LogoutRequest{}); err != nil {
		return nil, err
	}
	return api.DeleteSession204Response{}, nil
}

// GetMe returns the caller's account.
func (h *Handler) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	answer, err := h.Customers.GetMe(ctx, &customersv1.GetMeRequest{})
	if err != nil {
		return nil, err
	}
	return api.GetMe200JSONResponse(customerView(answer.GetCustomer())), nil
}

// UpdateMe changes the caller's account.
func (h *Handler) UpdateMe(ctx context.Context, req api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	answer, err := h.Customers.UpdateMe(ctx, &customersv1.UpdateMeRequest{Name: req.Body.Name})
	if err != nil {
		return nil, err
	}
	return api.UpdateMe200JSONResponse(customerView(answer.GetCustomer())), nil
}

// ChangePassword changes the password of the caller's account.
func (h *Handler) ChangePassword(ctx context.Context, req api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	_, err := h.Customers.ChangePassword(ctx, &customersv1.ChangePasswordRequest{
		CurrentPassword: req.Body.CurrentPassword, NewPassword: req.Body.NewPassword,
	})
	if err != nil {
		return nil, err
	}
	return api.ChangePassword204Response{}, nil
}

func customerView(c *customersv1.Customer) api.Customer {
	return api.Customer{
		Id: c.GetId(), Email: c.GetEmail(), EmailVerified: c.GetEmailVerified(), Name: c.GetName(), CreatedAt: c.GetCreatedAt().AsTime(),
		Roles: views(c.GetRoles(), func(role string) api.Role { return api.Role(role) }),
	}
}

func sessionView(s *customersv1.Session) api.Session {
	return api.Session{
		AccessToken: s.GetAccessToken(), TokenType: api.SessionTokenTypeBearer, ExpiresIn: s.GetExpiresIn(),
		RefreshToken: s.GetRefreshToken(), Customer: customerView(s.GetCustomer()),
	}
}
