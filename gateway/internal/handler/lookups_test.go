package handler_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	placeGuestOrder = ordersv1.OrdersService_PlaceGuestOrder_FullMethodName
	redeemLookup    = ordersv1.OrdersService_RedeemOrderLookup_FullMethodName
	requestLookup   = ordersv1.OrdersService_RequestOrderLookup_FullMethodName
)

// guestCheckout is a checkout of somebody without an account.
var guestCheckout = strings.Replace(checkout, "{", `{"email": "sam@example.com", `, 1)

func TestAGuestOrdersWithAnEmail(t *testing.T) {
	t.Parallel()
	s := open(t)
	ends := time.Date(2026, 9, 2, 10, 0, 0, 0, time.UTC)
	token := "the token"
	on(s, placeGuestOrder, func(_ context.Context, req *ordersv1.PlaceGuestOrderRequest) (*ordersv1.PlaceGuestOrderResponse, error) {
		if req.GetEmail() != "sam@example.com" || req.GetOrder().GetCartId() == "" || req.GetOrder().GetIdempotencyKey() != "k" {
			t.Errorf("orders is asked for %v", req)
		}
		return &ordersv1.PlaceGuestOrderResponse{
			Placement:   &ordersv1.Placement{Order: placed(ordersv1.Status_STATUS_CONFIRMED)},
			AccessToken: token, AccessTokenExpiresAt: timestamppb.New(ends),
		}, nil
	})
	body := string(s.send(t, guest, "POST", "/v1/orders", guestCheckout, "Idempotency-Key", "k").body)
	if !strings.Contains(body, `"access_token":"the token"`) || !strings.Contains(body, `"access_token_expires_at":"2026-09-02T10:00:00Z"`) {
		t.Errorf("answered %s", body)
	}
	token = ""
	if body := string(s.send(t, guest, "POST", "/v1/orders", guestCheckout, "Idempotency-Key", "k").body); strings.Contains(body, "access_token") {
		t.Errorf("without a token: %s", body)
	}
	s.send(t, guest, "POST", "/v1/orders", checkout, "Idempotency-Key", "k").refused(t, 401, "unauthenticated")
	s.send(t, staff, "POST", "/v1/orders", guestCheckout, "Idempotency-Key", "k").refused(t, 422, "validation_failed")
}

func TestALookupIsPassedOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, requestLookup, func(_ context.Context, req *ordersv1.RequestOrderLookupRequest) (*ordersv1.RequestOrderLookupResponse, error) {
		if req.GetNumber() != "S-7K3M9QX2" || req.GetEmail() != "sam@example.com" {
			t.Errorf("orders is asked for %v", req)
		}
		return &ordersv1.RequestOrderLookupResponse{}, nil
	})
	if got := s.send(t, guest, "POST", "/v1/order-lookups", `{"number": "S-7K3M9QX2", "email": "sam@example.com"}`); got.status != 202 || len(got.body) > 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
	on(s, redeemLookup, func(ctx context.Context, req *ordersv1.RedeemOrderLookupRequest) (*ordersv1.RedeemOrderLookupResponse, error) {
		if access.Token(ctx) != "" {
			t.Error("a token is passed on")
		}
		if req.GetToken() != "good" {
			return nil, rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_INVALID_LOOKUP_TOKEN, "the token is not valid")
		}
		return &ordersv1.RedeemOrderLookupResponse{OrderId: "o1", AccessToken: "t", AccessTokenExpiresAt: timestamppb.Now()}, nil
	})
	if got := s.send(t, guest, "POST", "/v1/order-lookups/confirmation", `{"token": "good"}`); got.status != 200 || !strings.Contains(string(got.body), `"order_id":"o1"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	s.send(t, guest, "POST", "/v1/order-lookups/confirmation", `{"token": "bad"}`).refused(t, 422, "invalid_mail_token")
}
