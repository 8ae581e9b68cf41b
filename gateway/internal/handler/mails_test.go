package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

func TestAPasswordIsResetByMail(t *testing.T) {
	t.Parallel()
	s := open(t)
	const reset = customersv1.CustomersService_ResetPassword_FullMethodName
	var asked, token, password string
	on(s, customersv1.CustomersService_RequestPasswordReset_FullMethodName,
		func(_ context.Context, req *customersv1.RequestPasswordResetRequest) (*customersv1.RequestPasswordResetResponse, error) {
			asked = req.GetEmail()
			return &customersv1.RequestPasswordResetResponse{}, nil
		})
	on(s, reset, func(_ context.Context, req *customersv1.ResetPasswordRequest) (*customersv1.ResetPasswordResponse, error) {
		token, password = req.GetToken(), req.GetPassword()
		return &customersv1.ResetPasswordResponse{}, nil
	})
	if r := s.send(t, guest, "POST", "/v1/password-resets", `{"email": "sam@example.com"}`); r.status != 202 || len(r.body) != 0 || asked != "sam@example.com" {
		t.Errorf("answered %d %s, asked for %q", r.status, r.body, asked)
	}
	const body = `{"token": "a token", "password": "battery staple"}`
	if r := s.send(t, guest, "POST", "/v1/password-resets/confirmation", body); r.status != 204 || token != "a token" || password != "battery staple" {
		t.Errorf("answered %d %s, with %q and %q", r.status, r.body, token, password)
	}
	s.fail(reset, rpc.Error(codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_MAIL_TOKEN, "the token is not valid"))
	s.send(t, guest, "POST", "/v1/password-resets/confirmation", body).refused(t, 422, "invalid_mail_token")
	s.send(t, guest, "POST", "/v1/password-resets/confirmation", `{"token": "a token", "password": "short"}`).refused(t, 422, "validation_failed")
}

func TestAnAddressIsChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	var caller, address, password string
	on(s, customersv1.CustomersService_RequestEmailChange_FullMethodName,
		func(ctx context.Context, req *customersv1.RequestEmailChangeRequest) (*customersv1.RequestEmailChangeResponse, error) {
			caller, address, password = access.FromContext(ctx).CustomerID, req.GetEmail(), req.GetPassword()
			return &customersv1.RequestEmailChangeResponse{}, nil
		})
	const body = `{"email": "sam@example.org", "password": "correct horse"}`
	s.send(t, guest, "PUT", "/v1/me/email", body).refused(t, 401, "unauthenticated")
	r := s.send(t, customer, "PUT", "/v1/me/email", body)
	if r.status != 202 || len(r.body) != 0 || caller != "customer-1" || address != "sam@example.org" || password != "correct horse" {
		t.Errorf("answered %d %s to %q, asked for %q with %q", r.status, r.body, caller, address, password)
	}
	s.send(t, customer, "PUT", "/v1/me/email", `{"email": "sam@example.org"}`).refused(t, 422, "validation_failed")
}

func TestAnAddressIsConfirmedByMail(t *testing.T) {
	t.Parallel()
	s := open(t)
	const verify = customersv1.CustomersService_VerifyEmail_FullMethodName
	var caller, token string
	on(s, customersv1.CustomersService_RequestEmailVerification_FullMethodName,
		func(ctx context.Context, _ *customersv1.RequestEmailVerificationRequest) (*customersv1.RequestEmailVerificationResponse, error) {
			caller = access.FromContext(ctx).CustomerID
			return &customersv1.RequestEmailVerificationResponse{}, nil
		})
	on(s, verify, func(_ context.Context, req *customersv1.VerifyEmailRequest) (*customersv1.VerifyEmailResponse, error) {
		token = req.GetToken()
		return &customersv1.VerifyEmailResponse{}, nil
	})
	s.send(t, guest, "POST", "/v1/email-verifications", nil).refused(t, 401, "unauthenticated")
	if r := s.send(t, customer, "POST", "/v1/email-verifications", nil); r.status != 202 || len(r.body) != 0 || caller != "customer-1" {
		t.Errorf("answered %d %s to %q", r.status, r.body, caller)
	}
	if r := s.send(t, guest, "POST", "/v1/email-verifications/confirmation", `{"token": "a token"}`); r.status != 204 || token != "a token" {
		t.Errorf("answered %d %s, with %q", r.status, r.body, token)
	}
	s.fail(verify, rpc.Error(codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_MAIL_TOKEN, "the token is not valid"))
	s.send(t, guest, "POST", "/v1/email-verifications/confirmation", `{"token": "a token"}`).refused(t, 422, "invalid_mail_token")
}
