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

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

func rejected() order.View {
	gbp := func(n int64) money.Money { return money.New(n, "GBP") }
	at := time.Date(2026, 11, 21, 6, 30, 0, 123456000, time.UTC)
	return order.View{
		ID: "id", Number: "S-7K3M9QX2", Status: order.StatusRejected, CustomerID: "customer",
		Lines: []order.Line{{SKU: "MUG", Title: "Mug <blue>", Quantity: 3, UnitPrice: gbp(1250), LineTotal: gbp(3750), Origin: order.Origin{
			ProductID: "p1", Slug: "mug", Image: &order.Image{URL: "https://example.com/mug.jpg", Alt: "A mug"},
			Options: []order.Option{{Name: "Size", Value: "S"}},
		}, StockRule: order.StockRule{Untracked: true}}},
		Totals:          order.Totals{Subtotal: gbp(3750), Shipping: gbp(395), Tax: gbp(0), Total: gbp(4145)},
		ShippingAddress: order.Address{Name: "Sam", Line1: "1 Market Street", Line2: "Flat 2", City: "Leeds", Region: "Yorkshire", PostalCode: "LS1 6DT", Country: "GB"},
		Shipping:        order.ShippingChoice{OptionID: "standard", Carrier: "Royal", Service: "48", WeightGrams: 1200},
		Payment:         order.Payment{Status: order.PaymentVoided, Authorized: gbp(1), Captured: gbp(2), Refunded: gbp(3)},
		Timeline:        []order.TimelineEntry{{At: at, Event: order.EventPlaced}, {At: at, Event: order.EventRejected, Detail: "out_of_stock"}},
		CreatedAt:       at,
		Rejection: &order.Rejection{
			Reason: order.RejectedOutOfStock, Detail: "detail",
			Shortages: []order.Shortage{{SKU: "MUG", Requested: 3, Available: 1}},
		},
	}
}

func TestEveryFieldOfAnOrderIsShown(t *testing.T) {
	t.Parallel()
	o := rejected()
	o.InProgress, o.ChangedAt, o.Purchases = true, o.CreatedAt, []string{"purchase"}
	o.Returns = []order.Return{{
		ID: "t-1", Status: order.ReturnRefunded, Lines: []order.Item{{SKU: "MUG", Quantity: 1}}, Reason: "broken",
		Amount: money.New(1, "GBP"), CreatedAt: o.CreatedAt,
		NotRestocked: []order.Item{{SKU: "MUG", Quantity: 1}}, RefundShipping: true, RefusalReason: "worn",
	}}
	o.Refunds = []order.Refund{{
		ID: "f-1", Amount: money.New(1, "GBP"), Reason: "broken", Status: order.RefundFailed, ReturnID: "t-1", CreatedAt: o.CreatedAt,
		Lines: []order.Item{{SKU: "MUG", Quantity: 1}}, Shipping: true,
	}}
	o.Timeline[1].ActorID = "staff"
	o.Shipment = order.Shipment{ID: "sh-1", Carrier: "Royal", TrackingNumber: "RM1"}
	o.Attention, o.Owed = order.AllAttention, money.New(1, "GBP")
	out := staffOrderProto(o)
	if len(out.GetAttention()) != len(order.AllAttention) {
		t.Errorf("attention %v, want %q", out.GetAttention(), order.AllAttention)
	}
	if own := orderProto(o); len(own.GetAttention()) > 0 || own.GetOwed() != nil || own.GetTimeline()[1].GetActorId() != "" {
		t.Errorf("a customer is shown %v, %v and %v", own.GetAttention(), own.GetOwed(), own.GetTimeline())
	}
	for _, message := range []proto.Message{
		out.GetReturns()[0], out.GetReturns()[0].GetLines()[0], out.GetReturns()[0].GetNotRestocked()[0], out.GetRefunds()[0].GetLines()[0], out.GetRefunds()[0],
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
	var kept order.View
	if err := json.Unmarshal(content, &kept); err != nil {
		t.Fatal(err)
	}
	encode := func(o order.View) []byte {
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
	if len(returnStatusOf) != len(ordersv1.Return_Status_name)-1 || len(returnStatusProto) != len(returnStatusOf) {
		t.Errorf("%d statuses of returns for %v", len(returnStatusOf), ordersv1.Return_Status_name)
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
		{order.ErrNotFound, codes.NotFound, "ORDER_NOT_FOUND"},
		{checkout.ErrCartNotFound, codes.NotFound, "CART_NOT_FOUND"},
		{checkout.ErrAddressNotFound, codes.NotFound, "ADDRESS_NOT_FOUND"},
		{checkout.ErrCartEmpty, codes.FailedPrecondition, "CART_EMPTY"},
		{order.ErrNotCancellable, codes.FailedPrecondition, "NOT_CANCELLABLE"},
		{order.ErrNotDispatchable, codes.FailedPrecondition, "NOT_DISPATCHABLE"},
		{order.ErrNotReturnable, codes.FailedPrecondition, "NOT_RETURNABLE"},
		{order.ErrReturnDecided, codes.FailedPrecondition, "NOT_RETURNABLE"},
		{order.ErrReturnNotFound, codes.NotFound, "RETURN_NOT_FOUND"},
		{events.ErrTicketNotFound, codes.NotFound, "TICKET_NOT_FOUND"},
		{idempotency.ErrReused, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED"},
		{idempotency.ErrInProgress, codes.Aborted, "IDEMPOTENCY_IN_PROGRESS"},
		{orders.ErrOrdersOpen, codes.FailedPrecondition, "ORDERS_OPEN"},
		{order.ErrCustomerErased, codes.Unauthenticated, "CUSTOMER_NOT_FOUND"},
		{orders.ErrBadCursor, codes.InvalidArgument, "BAD_CURSOR"},
		{&checkout.InsufficientStockError{}, codes.Aborted, "OUT_OF_STOCK"},
		{&checkout.PriceChangedError{Detail: "the total is 1.00 GBP"}, codes.Aborted, "PRICE_CHANGED"},
		{fmt.Errorf("%w: %w", saga.ErrUnavailable, order.ErrNotFound), codes.Unavailable, "UNAVAILABLE"},
	} {
		got := statusError(fmt.Errorf("wrapped: %w", test.err))
		if status.Code(got) != test.code || rpc.Reason(got) != test.reason {
			t.Errorf("%v: %v", test.err, got)
		}
	}
	why := fmt.Errorf("%w: shipping does not take the parcel", order.ErrNotDispatchable)
	if got := status.Convert(statusError(why)).Message(); got != why.Error() {
		t.Errorf("staff are told %q, want %q", got, why)
	}
	totals := rejected().Totals
	changed := status.Convert(statusError(&checkout.PriceChangedError{
		Totals: &totals, NoLongerSold: []order.Shortage{{SKU: "TEAPOT", Requested: 3}},
	})).Details()
	want := &ordersv1.PriceChanged{
		Totals: orderProto(rejected()).GetTotals(), NoLongerSold: []*ordersv1.Shortage{{Sku: "TEAPOT", Requested: 3}},
	}
	if got, ok := changed[len(changed)-1].(*ordersv1.PriceChanged); !ok || !proto.Equal(got, want) {
		t.Errorf("details %v, want %v", changed, want)
	}
	invalid := field.Invalid("limit", "is wrong")
	short := status.Convert(statusError(&checkout.InsufficientStockError{Shortages: []order.Shortage{{SKU: "MUG", Requested: 3, Available: 1}}}))
	details := short.Details()
	wantShort := &ordersv1.OutOfStock{Shortages: []*ordersv1.Shortage{{Sku: "MUG", Requested: 3, Available: 1}}}
	if got, ok := details[len(details)-1].(*ordersv1.OutOfStock); !ok || !proto.Equal(got, wantShort) {
		t.Errorf("details %v, want %v", details, wantShort)
	}
	if got := statusError(invalid); !errors.Is(got, invalid) {
		t.Errorf("invalid input became %v", got)
	}
}
