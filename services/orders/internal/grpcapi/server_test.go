package grpcapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/platform/rpc"

	"souk/services/orders/internal/orders"
)

func rejected() orders.Order {
	gbp := func(n int64) money.Money { return money.New(n, "GBP") }
	at := time.Date(2026, 11, 21, 6, 30, 0, 123456000, time.UTC)
	return orders.Order{
		ID: "id", Number: "S-7K3M9QX2", Status: orders.StatusRejected, CustomerID: "customer",
		Lines: []orders.Line{{SKU: "MUG", Title: "Mug <blue>", Quantity: 3, UnitPrice: gbp(1250), LineTotal: gbp(3750), Origin: orders.Origin{
			ProductID: "p1", Slug: "mug", Image: &orders.Image{URL: "https://example.com/mug.jpg", Alt: "A mug"},
			Options: []orders.Option{{Name: "Size", Value: "S"}},
		}}},
		Totals:          orders.Totals{Subtotal: gbp(3750), Shipping: gbp(395), Tax: gbp(0), Total: gbp(4145)},
		ShippingAddress: orders.Address{Name: "Sam", Line1: "1 Market Street", Line2: "Flat 2", City: "Leeds", Region: "Yorkshire", PostalCode: "LS1 6DT", Country: "GB"},
		Shipping:        orders.ShippingChoice{OptionID: "standard", Carrier: "Royal", Service: "48", WeightGrams: 1200},
		Payment:         orders.Payment{Status: orders.PaymentVoided, Authorized: gbp(1), Captured: gbp(2), Refunded: gbp(3)},
		Timeline:        []orders.TimelineEntry{{At: at, Event: orders.EventPlaced}, {At: at, Event: orders.EventRejected, Detail: "out_of_stock"}},
		CreatedAt:       at,
		Rejection: &orders.Rejection{
			Reason: orders.RejectedOutOfStock, Detail: "detail",
			Shortages: []orders.Shortage{{SKU: "MUG", Requested: 3, Available: 1}},
		},
	}
}

func TestEveryFieldOfAnOrderIsShown(t *testing.T) {
	t.Parallel()
	order := rejected()
	order.InProgress, order.ChangedAt = true, order.CreatedAt
	order.Returns = []orders.Return{{
		ID: "t-1", Status: orders.ReturnRefunded, Lines: []orders.Item{{SKU: "MUG", Quantity: 1}}, Reason: "broken",
		Amount: money.New(1, "GBP"), CreatedAt: order.CreatedAt,
	}}
	order.Refunds = []orders.Refund{{
		ID: "f-1", Amount: money.New(1, "GBP"), Reason: "broken", Status: orders.RefundFailed, ReturnID: "t-1", CreatedAt: order.CreatedAt,
	}}
	order.Shipment = orders.Shipment{ID: "sh-1", Carrier: "Royal", TrackingNumber: "RM1"}
	out := orderProto(order)
	for _, message := range []proto.Message{
		out.GetReturns()[0], out.GetReturns()[0].GetLines()[0], out.GetRefunds()[0],
		out, out.GetLines()[0], out.GetLines()[0].GetImage(), out.GetLines()[0].GetOptions()[0], out.GetTotals(), out.GetShippingAddress(), out.GetShipping(), out.GetPayment(), out.GetShipment(),
		out.GetTimeline()[1], out.GetRejection(), out.GetRejection().GetShortages()[0],
	} {
		reflected := message.ProtoReflect()
		fields := reflected.Descriptor().Fields()
		for i := range fields.Len() {
			if !reflected.Has(fields.Get(i)) {
				t.Errorf("%s is not set", fields.Get(i).FullName())
			}
		}
	}
	if addressOf(out.GetShippingAddress()) != rejected().ShippingAddress {
		t.Errorf("address %v", out.GetShippingAddress())
	}
}

func TestAnAnswerIsTheSameBytesFromMemoryAndFromTheStore(t *testing.T) {
	t.Parallel()
	content, err := json.Marshal(rejected())
	if err != nil {
		t.Fatal(err)
	}
	var kept orders.Order
	if err := json.Unmarshal(content, &kept); err != nil {
		t.Fatal(err)
	}
	encode := func(o orders.Order) []byte {
		encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(orderProto(o))
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	if !bytes.Equal(encode(kept), encode(rejected())) {
		t.Error("the bytes differ")
	}
}

func TestStatusesAndReasonsMatchTheContract(t *testing.T) {
	t.Parallel()
	for n, name := range ordersv1.Status_name {
		if _, ok := statusOf[ordersv1.Status(n)]; ok == (n == 0) {
			t.Errorf("%s: known %t", name, ok)
		}
	}
	if len(reasonProto) != len(ordersv1.Rejection_Reason_name)-1 {
		t.Errorf("%d reasons for %v", len(reasonProto), ordersv1.Rejection_Reason_name)
	}
}

func TestErrorsCarryTheContractsReasons(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err    error
		code   codes.Code
		reason string
	}{
		{orders.ErrNotFound, codes.NotFound, "ORDER_NOT_FOUND"},
		{orders.ErrCartNotFound, codes.NotFound, "CART_NOT_FOUND"},
		{orders.ErrAddressNotFound, codes.NotFound, "ADDRESS_NOT_FOUND"},
		{orders.ErrCartEmpty, codes.FailedPrecondition, "CART_EMPTY"},
		{orders.ErrNotCancellable, codes.FailedPrecondition, "NOT_CANCELLABLE"},
		{orders.ErrNotDispatchable, codes.FailedPrecondition, "NOT_DISPATCHABLE"},
		{orders.ErrTicketNotFound, codes.NotFound, "TICKET_NOT_FOUND"},
		{idempotency.ErrReused, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED"},
		{idempotency.ErrInProgress, codes.Aborted, "IDEMPOTENCY_IN_PROGRESS"},
		{orders.ErrOrdersOpen, codes.FailedPrecondition, "ORDERS_OPEN"},
		{orders.ErrCustomerErased, codes.Unauthenticated, "CUSTOMER_NOT_FOUND"},
		{orders.ErrBadCursor, codes.InvalidArgument, "BAD_CURSOR"},
		{&orders.InsufficientStockError{}, codes.Aborted, "OUT_OF_STOCK"},
		{&orders.PriceChangedError{Detail: "the total is 1.00 GBP"}, codes.Aborted, "PRICE_CHANGED"},
		{fmt.Errorf("%w: %w", orders.ErrUnavailable, orders.ErrNotFound), codes.Unavailable, "UNAVAILABLE"},
	} {
		got := statusError(fmt.Errorf("wrapped: %w", test.err))
		if status.Code(got) != test.code || rpc.Reason(got) != test.reason {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	totals := rejected().Totals
	changed := status.Convert(statusError(&orders.PriceChangedError{
		Totals: &totals, NoLongerSold: []orders.Shortage{{SKU: "TEAPOT", Requested: 3}},
	})).Details()
	want := &ordersv1.PriceChanged{
		Totals: orderProto(rejected()).GetTotals(), NoLongerSold: []*ordersv1.Shortage{{Sku: "TEAPOT", Requested: 3}},
	}
	if got, ok := changed[len(changed)-1].(*ordersv1.PriceChanged); !ok || !proto.Equal(got, want) {
		t.Errorf("details %v, want %v", changed, want)
	}
	invalid := field.Invalid("limit", "is wrong")
	short := status.Convert(statusError(&orders.InsufficientStockError{Shortages: []orders.Shortage{{SKU: "MUG", Requested: 3, Available: 1}}}))
	details := short.Details()
	wantShort := &ordersv1.OutOfStock{Shortages: []*ordersv1.Shortage{{Sku: "MUG", Requested: 3, Available: 1}}}
	if got, ok := details[len(details)-1].(*ordersv1.OutOfStock); !ok || !proto.Equal(got, wantShort) {
		t.Errorf("details %v, want %v", details, wantShort)
	}
	if got := statusError(invalid); !errors.Is(got, invalid) {
		t.Errorf("invalid input became %v", got)
	}
}
