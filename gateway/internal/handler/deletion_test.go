package handler_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// The steps of a deletion in order.
const (
	prepareDeletion = customersv1.CustomersService_PrepareDeletion_FullMethodName
	eraseOrders     = ordersv1.OrdersService_EraseCustomer_FullMethodName
	eraseCarts      = cartsv1.CartsService_EraseCustomer_FullMethodName
	deleteAccount   = customersv1.CustomersService_DeleteAccount_FullMethodName
)

var deletion = []string{prepareDeletion, eraseOrders, eraseCarts, deleteAccount}

const password = `{"password": "correct horse"}`

// erasing makes every step of a deletion succeed. asked returns the calls so far.
func erasing(t *testing.T, s *shop) (asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	step := func(ctx context.Context, method string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, method)
		if caller := access.FromContext(ctx); caller.CustomerID != "customer-1" {
			t.Errorf("%s is called by %+v", method, caller)
		}
	}
	on(s, prepareDeletion, func(ctx context.Context, req *customersv1.PrepareDeletionRequest) (*customersv1.PrepareDeletionResponse, error) {
		step(ctx, prepareDeletion)
		if req.GetPassword() != "correct horse" {
			t.Errorf("password %q", req.GetPassword())
		}
		return &customersv1.PrepareDeletionResponse{}, nil
	})
	on(s, eraseOrders, func(ctx context.Context, _ *ordersv1.EraseCustomerRequest) (*ordersv1.EraseCustomerResponse, error) {
		step(ctx, eraseOrders)
		return &ordersv1.EraseCustomerResponse{}, nil
	})
	on(s, eraseCarts, func(ctx context.Context, _ *cartsv1.EraseCustomerRequest) (*cartsv1.EraseCustomerResponse, error) {
		step(ctx, eraseCarts)
		return &cartsv1.EraseCustomerResponse{}, nil
	})
	on(s, deleteAccount, func(ctx context.Context, req *customersv1.DeleteAccountRequest) (*customersv1.DeleteAccountResponse, error) {
		step(ctx, deleteAccount)
		if req.GetPassword() != "correct horse" {
			t.Errorf("password %q", req.GetPassword())
		}
		return &customersv1.DeleteAccountResponse{}, nil
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestDeletionErasesAllServicesAndTheAccountLast(t *testing.T) {
	t.Parallel()
	s := open(t)
	asked := erasing(t, s)
	if r := s.send(t, customer, "POST", "/v1/me/deletion", password); r.status != 204 || len(r.body) != 0 {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	if got := asked(); !slices.Equal(got, deletion) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(deletion, "\n"))
	}
}

func TestDeletionStopsAtAFailedStepAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	refusal := func(reason rpc.ErrorReason) error {
		return rpc.Error(codes.FailedPrecondition, reason, "it is refused")
	}
	away := status.Error(codes.Unavailable, "away")
	for name, test := range map[string]struct {
		step   string
		err    error
		status int
		code   string
	}{
		"a wrong password":             {prepareDeletion, wrongPassword("password"), 422, "validation_failed"},
		"an account of staff":          {prepareDeletion, refusal(customersv1.ErrorReason_ERROR_REASON_STAFF_ACCOUNT), 409, "staff_account"},
		"customers is away":            {prepareDeletion, away, 503, "unavailable"},
		"an order is under way":        {eraseOrders, refusal(ordersv1.ErrorReason_ERROR_REASON_ORDERS_OPEN), 409, "orders_open"},
		"orders is away":               {eraseOrders, away, 503, "unavailable"},
		"carts is away":                {eraseCarts, away, 503, "unavailable"},
		"the password changed":         {deleteAccount, wrongPassword("password"), 422, "validation_failed"},
		"customers is away at the end": {deleteAccount, away, 503, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			asked := erasing(t, s)
			s.fail(test.step, test.err)
			s.send(t, customer, "POST", "/v1/me/deletion", password).refused(t, test.status, test.code)
			before := deletion[:slices.Index(deletion, test.step)]
			if got := asked(); !slices.Equal(got, before) {
				t.Errorf("done are %v, want %v", got, before)
			}
			// A second request continues once the failed step succeeds.
			again := erasing(t, s)
			s.send(t, customer, "POST", "/v1/me/deletion", password).mustBe(t, 204, "")
			if got := again(); !slices.Equal(got, deletion) {
				t.Errorf("again asks %v", got)
			}
		})
	}
}

func TestADeletionNeedsOnlyAPasswordAndAToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	asked := erasing(t, s)
	s.send(t, guest, "POST", "/v1/me/deletion", password).refused(t, 401, "unauthenticated")
	s.send(t, customer, "POST", "/v1/me/deletion", `{}`).refused(t, 422, "validation_failed")
	s.send(t, customer, "POST", "/v1/me/deletion", `{"password": ""}`).refused(t, 422, "validation_failed")
	s.send(t, customer, "POST", "/v1/me/deletion", `{"password": "correct horse", "customer_id": "customer-2"}`).refused(t, 400, "invalid_request")
	if got := asked(); len(got) != 0 {
		t.Errorf("asked %v", got)
	}
}

func TestAPasswordIsChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	const change = customersv1.CustomersService_ChangePassword_FullMethodName
	on(s, change, func(ctx context.Context, req *customersv1.ChangePasswordRequest) (*customersv1.ChangePasswordResponse, error) {
		if req.GetCurrentPassword() != "correct horse" || req.GetNewPassword() != "battery staple" {
			t.Errorf("asked %v", req)
		}
		if caller := access.FromContext(ctx); caller.CustomerID != "customer-1" || caller.SessionID != "session-1" {
			t.Errorf("called by %+v", caller)
		}
		return &customersv1.ChangePasswordResponse{}, nil
	})
	body := `{"current_password": "correct horse", "new_password": "battery staple"}`
	s.send(t, guest, "PUT", "/v1/me/password", body).refused(t, 401, "unauthenticated")
	s.send(t, customer, "PUT", "/v1/me/password", `{"current_password": "correct horse", "new_password": "short"}`).refused(t, 422, "validation_failed")
	if s.called(change) != 0 {
		t.Error("a refused request went on")
	}
	if r := s.send(t, customer, "PUT", "/v1/me/password", body); r.status != 204 || len(r.body) != 0 {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	s.fail(change, wrongPassword("current_password"))
	p := s.send(t, customer, "PUT", "/v1/me/password", body).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "current_password" {
		t.Errorf("the errors are %v, want one on current_password", p.Errors)
	}
}

// wrongPassword returns the error of customers for a wrong password in a field.
func wrongPassword(fieldName string) error {
	violation := field.Violation{Field: fieldName, Message: "is not the current password"}
	return rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "invalid", rpc.Blame(violation))
}
