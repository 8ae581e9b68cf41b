package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"
)

func TestASecondFactorIsStartedConfirmedAndRemoved(t *testing.T) {
	t.Parallel()
	s := open(t)
	const start = customersv1.CustomersService_StartSecondFactor_FullMethodName
	on(s, start, returns[*customersv1.StartSecondFactorRequest](&customersv1.StartSecondFactorResponse{Secret: "ABC", Uri: "otpauth://totp/x"}))
	on(s, customersv1.CustomersService_ConfirmSecondFactor_FullMethodName,
		func(_ context.Context, req *customersv1.ConfirmSecondFactorRequest) (*customersv1.ConfirmSecondFactorResponse, error) {
			if req.GetCode() != "492039" {
				t.Errorf("asked %v", req)
			}
			return &customersv1.ConfirmSecondFactorResponse{RecoveryCodes: []string{"a", "b"}}, nil
		})
	on(s, customersv1.CustomersService_RemoveSecondFactor_FullMethodName,
		func(_ context.Context, req *customersv1.RemoveSecondFactorRequest) (*customersv1.RemoveSecondFactorResponse, error) {
			if req.GetCode() != "492039" || req.GetPassword() != "correct horse" {
				t.Errorf("asked %v", req)
			}
			return &customersv1.RemoveSecondFactorResponse{}, nil
		})
	s.send(t, customer, "POST", "/v1/me/second-factor", nil).mustBe(t, 201, `{"secret": "ABC", "otpauth_uri": "otpauth://totp/x"}`)
	s.send(t, customer, "POST", "/v1/me/second-factor/confirmation", `{"code": "492039"}`).mustBe(t, 200, `{"recovery_codes": ["a", "b"]}`)
	s.send(t, customer, "DELETE", "/v1/me/second-factor", `{"password": "correct horse", "code": "492039"}`).mustBe(t, 204, "")
	s.send(t, customer, "DELETE", "/v1/me/second-factor", `{"password": "correct horse"}`).refused(t, 422, "validation_failed")
	s.fail(start, rpc.Error(codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_ACTIVE, "the account has one"))
	s.send(t, customer, "POST", "/v1/me/second-factor", nil).refused(t, 409, "second_factor_active")
}

func TestALoginTakesACode(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, customersv1.CustomersService_Login_FullMethodName, func(_ context.Context, req *customersv1.LoginRequest) (*customersv1.LoginResponse, error) {
		if req.GetCode() == "" {
			return nil, rpc.Error(codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_REQUIRED, "a code is needed")
		}
		return &customersv1.LoginResponse{Session: &customersv1.Session{Customer: sam}}, nil
	})
	s.send(t, guest, "POST", "/v1/sessions", `{"email": "sam@example.com", "password": "correct horse"}`).refused(t, 401, "second_factor_required")
	s.send(t, guest, "POST", "/v1/sessions", `{"email": "sam@example.com", "password": "correct horse", "code": "492039"}`).mustBe(t, 201, "")
}
