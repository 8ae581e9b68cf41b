package grpcapi

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "souk/proto/gen/souk/access/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/idempotency"
	"souk/platform/pgkey"
	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

const orderID = "0198a000-0000-7000-8000-000000000001"

// memory is a store with one order, rejected, which was the answer to every key that comes with fingerprint.
type memory struct {
	orders.Store
	fingerprint []byte
	filter      order.Filter
	erased      string
}

func (m *memory) Get(context.Context, string) (order.Order, error) {
	return order.Restore(order.Snapshot{View: rejected()}), nil
}

func (m *memory) List(_ context.Context, filter order.Filter) ([]order.Order, bool, error) {
	m.filter = filter
	o := rejected()
	o.ID = orderID
	return []order.Order{order.Restore(order.Snapshot{View: o})}, true, nil
}

func (m *memory) Key(context.Context, idempotency.Request) (checkout.UsedKey, error) {
	answer := rejected()
	return checkout.UsedKey{Use: idempotency.Use{Fingerprint: m.fingerprint, RequestID: "first"}, Order: &answer}, nil
}

func (m *memory) EraseCustomer(_ context.Context, customerID string) error {
	m.erased = customerID
	return nil
}

// noKeys are for calls that come without a key.
var noKeys = Keys{Steps: pgkey.NewSteps(nil)}

func setup() (*Server, *memory) {
	store := &memory{}
	return New(orders.New(store, orders.Peers{}, orders.Settings{Inline: time.Second}, slog.New(slog.DiscardHandler)), nil, guest.New(noGuests{}, nil, slog.New(slog.DiscardHandler)), nil, noKeys), store
}

func as(t *testing.T, id string, scopes ...accessv1.Scope) context.Context {
	return access.WithCaller(t.Context(), access.Caller{CustomerID: id, Scopes: scopes})
}

func TestAnOrderIsForItsCustomerAndForStaff(t *testing.T) {
	t.Parallel()
	server, _ := setup()
	get := func(ctx context.Context) codes.Code {
		_, err := server.GetOrder(ctx, &ordersv1.GetOrderRequest{Id: orderID})
		return status.Code(err)
	}
	if got := get(as(t, "customer")); got != codes.OK {
		t.Errorf("customer: %v", got)
	}
	if got := get(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ)); got != codes.OK {
		t.Errorf("staff: %v", got)
	}
	if got := get(as(t, "packer", accessv1.Scope_SCOPE_ORDERS_WRITE)); got != codes.NotFound {
		t.Errorf("staff who may not read orders: %v", got)
	}
	if got := get(as(t, "other")); got != codes.NotFound {
		t.Errorf("someone else: %v", got)
	}
	_, err := server.CancelOrder(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ), &ordersv1.CancelOrderRequest{Id: orderID})
	if rpc.Reason(err) != "ORDER_NOT_FOUND" {
		t.Errorf("staff cancel for a customer: %v", err)
	}
}

func TestListsAskForWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	server, store := setup()
	own, err := server.ListOrders(as(t, "customer"), &ordersv1.ListOrdersRequest{Limit: 7})
	if err != nil || !reflect.DeepEqual(store.filter, order.Filter{CustomerID: "customer", Limit: 7}) || own.GetNextCursor() == "" {
		t.Errorf("%+v, %v, %v", store.filter, own, err)
	}
	_, err = server.ListAllOrders(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ), &ordersv1.ListAllOrdersRequest{
		CustomerId: "customer", Status: ordersv1.Status_STATUS_REJECTED, Cursor: own.GetNextCursor(),
	})
	if err != nil || store.filter.Status != order.StatusRejected || store.filter.After == nil || store.filter.After.ID != orderID || store.filter.Limit != 20 {
		t.Errorf("%+v, %v", store.filter, err)
	}
	for _, unknown := range []*ordersv1.ListAllOrdersRequest{{Status: 99}, {Attention: 99}} {
		if _, err := server.ListAllOrders(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ), unknown); err == nil {
			t.Errorf("%v was accepted", unknown)
		}
	}
}

func TestStaffAskForOrdersThatNeedThem(t *testing.T) {
	t.Parallel()
	server, store := setup()
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	_, err := server.ListAllOrders(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ), &ordersv1.ListAllOrdersRequest{
		Query: "mug", From: timestamppb.New(from), To: timestamppb.New(from.Add(time.Hour)), OldestFirst: true,
		Attention: ordersv1.Attention_ATTENTION_STUCK,
	})
	want := order.Filter{
		Text: "mug", From: from, To: from.Add(time.Hour), OldestFirst: true, Attention: []order.Attention{order.AttentionStuck}, Limit: 20,
	}
	if err != nil || !reflect.DeepEqual(store.filter, want) {
		t.Errorf("%+v, %v; want %+v", store.filter, err, want)
	}
	if _, err := server.ListAllOrders(as(t, "boss", accessv1.Scope_SCOPE_ORDERS_READ), &ordersv1.ListAllOrdersRequest{AnyAttention: true}); err != nil {
		t.Error(err)
	}
	if !slices.Equal(store.filter.Attention, order.AllAttention) {
		t.Errorf("%q, want all reasons", store.filter.Attention)
	}
}

func TestAReplayedPlacementSaysSo(t *testing.T) {
	t.Parallel()
	server, store := setup()
	ctx := rpc.WithRequestID(as(t, "customer"), "second")
	req := &ordersv1.PlaceOrderRequest{
		IdempotencyKey: "key", CartId: "cart", ShippingOption: "standard", PaymentMethod: "pm_card_visa",
		ShippingAddress: addressProto(rejected().ShippingAddress), ExpectedTotal: &moneyv1.Money{Amount: 1, Currency: "GBP"},
	}
	if _, err := server.PlaceOrder(ctx, req); rpc.Reason(err) != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("another request: %v", err)
	}
	place := placeRequest(ctx, req)
	if place.CustomerID != "customer" || place.RequestID != "second" || place.Validate() != nil {
		t.Errorf("asked for %+v", place)
	}
	store.fingerprint = place.Fingerprint()
	answer, err := server.PlaceOrder(ctx, req)
	if err != nil || !answer.GetReplayed() || answer.GetPlacement().GetRequestId() != "first" ||
		answer.GetPlacement().GetOrder().GetRejection().GetReason() != ordersv1.Rejection_REASON_OUT_OF_STOCK {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestCustomersEraseThemselves(t *testing.T) {
	t.Parallel()
	server, store := setup()
	if _, err := server.EraseCustomer(as(t, "customer"), &ordersv1.EraseCustomerRequest{}); err != nil || store.erased != "customer" {
		t.Errorf("%v, erased %q", err, store.erased)
	}
}
