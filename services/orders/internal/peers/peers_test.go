package peers_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/protoadapt"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/money"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/peers"
	"souk/services/orders/internal/saga"
)

// remote is all peers in one server, which gives one answer to everything and keeps what it was asked.
type remote struct {
	cartsv1.UnimplementedCartsServiceServer
	catalogv1.UnimplementedCatalogServiceServer
	customersv1.UnimplementedCustomersServiceServer
	inventoryv1.UnimplementedInventoryServiceServer
	paymentsv1.UnimplementedPaymentsServiceServer
	shippingv1.UnimplementedShippingServiceServer

	answer   any
	err      error
	asked    any
	metadata metadata.MD
}

func (r *remote) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	r.asked = req
	r.metadata, _ = metadata.FromIncomingContext(ctx)
	return r.answer, r.err
}

func setup(t *testing.T) (*remote, orders.Peers) {
	t.Helper()
	r := &remote{}
	server := grpc.NewServer(grpc.UnaryInterceptor(r.intercept))
	cartsv1.RegisterCartsServiceServer(server, r)
	catalogv1.RegisterCatalogServiceServer(server, r)
	customersv1.RegisterCustomersServiceServer(server, r)
	inventoryv1.RegisterInventoryServiceServer(server, r)
	paymentsv1.RegisterPaymentsServiceServer(server, r)
	shippingv1.RegisterShippingServiceServer(server, r)
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	dial := func(string) (*grpc.ClientConn, error) {
		conn, err := grpc.NewClient("passthrough:///peer", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				ctx = metadata.AppendToOutgoingContext(access.Outgoing(ctx), "x-request-id", rpc.RequestID(ctx))
				return invoke(ctx, method, req, reply, cc, opts...)
			}))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
		}
		return conn, err
	}
	p, err := peers.New(dial)
	if err != nil {
		t.Fatal(err)
	}
	return r, p
}

func TestPeersErrorsBecomeTheDomains(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	ctx := t.Context()
	reserve := func() error { return p.Inventory.Reserve(ctx, "o", nil, time.Minute) }
	authorize := func() error { _, err := p.Payments.Authorize(ctx, "o", money.New(1, "GBP"), "pm_x"); return err }
	getCart := func() error { _, err := p.Carts.Cart(ctx, "c"); return err }
	book := func() error {
		return p.Shipping.Book(ctx, aftersales.Booking{ID: "b", OrderID: "o"}, order.Address{}, order.ShippingChoice{})
	}
	getAddress := func() error { _, err := p.Customers.Address(ctx, "a"); return err }
	for name, test := range map[string]struct {
		call func() error
		err  error
		want error
	}{
		"cart":              {getCart, rpc.Error(codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, ""), checkout.ErrCartNotFound},
		"address":           {getAddress, rpc.Error(codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND, ""), checkout.ErrAddressNotFound},
		"reservation ended": {reserve, rpc.Error(codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_ENDED, ""), checkout.ErrReservationEnded},
		"commit": {func() error { return p.Inventory.Commit(ctx, "o") },
			rpc.Error(codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_ENDED, ""), checkout.ErrReservationEnded},
		"capture": {func() error { _, err := p.Payments.Capture(ctx, "o"); return err },
			rpc.Error(codes.FailedPrecondition, paymentsv1.ErrorReason_ERROR_REASON_NOT_AUTHORIZED, ""), aftersales.ErrNotAuthorized},
		"unknown option":    {book, rpc.Error(codes.InvalidArgument, shippingv1.ErrorReason_ERROR_REASON_UNKNOWN_SHIPPING_OPTION, ""), aftersales.ErrNotShippable},
		"invalid parcel":    {book, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, ""), aftersales.ErrNotShippable},
		"cancelled booking": {book, rpc.Error(codes.FailedPrecondition, shippingv1.ErrorReason_ERROR_REASON_BOOKING_CANCELLED, ""), aftersales.ErrNotShippable},
		"shipping away":     {book, status.Error(codes.Unavailable, "away"), saga.ErrUnavailable},
		"unknown outcome":   {authorize, rpc.Error(codes.Unavailable, paymentsv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN, ""), saga.ErrUnavailable},
		"away":              {getCart, status.Error(codes.Unavailable, "away"), saga.ErrUnavailable},
		"slow":              {reserve, status.Error(codes.DeadlineExceeded, "slow"), saga.ErrUnavailable},
		"overloaded":        {reserve, status.Error(codes.ResourceExhausted, "busy"), saga.ErrUnavailable},
	} {
		r.err = test.err
		if err := test.call(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestAPeersStatusIsNotOurAnswer(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	r.err = status.Error(codes.PermissionDenied, "not for you")
	err := p.Carts.CheckOut(t.Context(), order.Order{})
	if _, isStatus := status.FromError(err); isStatus || err == nil || errors.Is(err, saga.ErrUnavailable) {
		t.Errorf("err = %v, want one without a status", err)
	}
}

func TestShortagesAreNamed(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	r.err = rpc.Error(codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK, "", protoadapt.MessageV1Of(&inventoryv1.InsufficientStock{
		Shortages: []*inventoryv1.Shortage{{Sku: "MUG", Requested: 3, Available: 1}},
	}))
	mugs := order.StockItem{Item: order.Item{SKU: "MUG", Quantity: 3}, ContinueSelling: true}
	err := p.Inventory.Reserve(t.Context(), "o", []order.StockItem{mugs}, 90*time.Second)
	var short *checkout.InsufficientStockError
	if !errors.As(err, &short) || !reflect.DeepEqual(short.Shortages, []order.Shortage{{SKU: "MUG", Requested: 3, Available: 1}}) {
		t.Errorf("err = %v", err)
	}
	if asked := r.asked.(*inventoryv1.ReserveRequest); asked.GetHoldFor().AsDuration() != 90*time.Second || asked.GetLines()[0].GetQuantity() != 3 || !asked.GetLines()[0].GetContinueSelling() {
		t.Errorf("asked %v", asked)
	}
}

func TestWhatCanBeBoughtIsToldBySKU(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	r.answer = &inventoryv1.GetLevelsResponse{Levels: []*inventoryv1.Level{{Sku: "MUG", OnHand: 5, Reserved: 2, Available: 3}}}
	got, err := p.Inventory.Available(t.Context(), []string{"MUG", "TRAY"})
	if err != nil || !reflect.DeepEqual(got, map[string]int64{"MUG": 3}) {
		t.Errorf("%v, %v; want 3 mugs", got, err)
	}
	if asked := r.asked.(*inventoryv1.GetLevelsRequest).GetSkus(); !reflect.DeepEqual(asked, []string{"MUG", "TRAY"}) {
		t.Errorf("asked about %v", asked)
	}
	r.err = status.Error(codes.Unavailable, "away")
	if _, err := p.Inventory.Available(t.Context(), nil); !errors.Is(err, saga.ErrUnavailable) {
		t.Errorf("away: %v", err)
	}
}

func TestEachOutcomeOfAPaymentIsUnderstood(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	authorize := func() error {
		_, err := p.Payments.Authorize(t.Context(), "o", money.New(1, "GBP"), "pm_x")
		return err
	}
	var refused *checkout.DeclinedError
	for paymentStatus, want := range map[paymentsv1.Status]func(error) bool{
		paymentsv1.Status_STATUS_AUTHORIZED: func(err error) bool { return err == nil },
		paymentsv1.Status_STATUS_CAPTURED:   func(err error) bool { return err == nil },
		paymentsv1.Status_STATUS_DECLINED:   func(err error) bool { return errors.As(err, &refused) && refused.Reason == "card_declined" },
		paymentsv1.Status_STATUS_VOIDED:     func(err error) bool { return errors.Is(err, checkout.ErrPaymentEnded) },
		paymentsv1.Status_STATUS_PENDING:    func(err error) bool { return errors.Is(err, saga.ErrUnavailable) },
	} {
		r.answer = &paymentsv1.AuthorizeResponse{Payment: &paymentsv1.Payment{Status: paymentStatus, DeclineReason: "card_declined"}}
		if err := authorize(); !want(err) {
			t.Errorf("%s: %v", paymentStatus, err)
		}
	}
	r.err = rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "")
	if err := authorize(); !errors.As(err, &refused) || refused.Reason != "invalid_payment" {
		t.Errorf("an invalid payment: %v", err)
	}
}

func TestVariantsAreTitledForOrderLines(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	sold := func(sku, title string) *catalogv1.SoldVariant {
		return &catalogv1.SoldVariant{ProductTitle: "Mug", ProductId: "p1", ProductSlug: "mug", Variant: &catalogv1.Variant{
			Sku: sku, Title: title, WeightGrams: 7, Price: &moneyv1.Money{Amount: 5, Currency: "GBP"},
		}}
	}
	r.answer = &catalogv1.GetVariantsResponse{Variants: []*catalogv1.SoldVariant{sold("A", "Blue"), sold("B", "Default Title"), sold("C", "")}}
	variants, err := p.Catalog.Variants(t.Context(), []string{"A", "B", "C"})
	want := checkout.Variant{
		SKU: "A", Title: "Mug - Blue", Price: money.New(5, "GBP"), WeightGrams: 7, Origin: order.Origin{ProductID: "p1", Slug: "mug"},
	}
	if err != nil || !reflect.DeepEqual(variants["A"], want) ||
		variants["B"].Title != "Mug" || variants["C"].Title != "Mug" {
		t.Errorf("%+v, %v", variants, err)
	}
}

func TestVariantsComeWithTheirProduct(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	r.answer = &catalogv1.GetVariantsResponse{Variants: []*catalogv1.SoldVariant{{
		ProductId: "p1", ProductSlug: "mug", Image: &catalogv1.Image{Url: "https://example.com/mug.jpg", Alt: "A mug"},
		Variant: &catalogv1.Variant{Sku: "A", Options: []*catalogv1.Option{{Name: "Size", Value: "S"}, {Name: "Color", Value: "Red"}}},
	}}}
	variants, err := p.Catalog.Variants(t.Context(), []string{"A"})
	want := order.Origin{
		ProductID: "p1", Slug: "mug", Image: &order.Image{URL: "https://example.com/mug.jpg", Alt: "A mug"},
		Options: []order.Option{{Name: "Size", Value: "S"}, {Name: "Color", Value: "Red"}},
	}
	if err != nil || !reflect.DeepEqual(variants["A"].Origin, want) {
		t.Errorf("%+v, %v; want %+v", variants["A"].Origin, err, want)
	}
}

func TestFieldsThatShippingRefusesAreNamedAlone(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	bad := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "address.country"}}}
	r.err = rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "", protoadapt.MessageV1Of(bad))
	_, err := p.Shipping.Quote(t.Context(), order.Address{Country: "XX"}, 1, "GBP")
	var invalid *field.Error
	if !errors.As(err, &invalid) || invalid.Violations[0].Field != "country" {
		t.Errorf("err = %v", err)
	}
}

func TestAParcelIsBookedHandedOverAndCancelledByItsBooking(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	booking := aftersales.Booking{ID: "b", OrderID: "o"}
	r.answer = &shippingv1.CreateShipmentResponse{}
	err := p.Shipping.Book(t.Context(), booking, order.Address{Country: "GB"}, order.ShippingChoice{OptionID: "express", WeightGrams: 7})
	asked, _ := r.asked.(*shippingv1.CreateShipmentRequest)
	if err != nil || asked.GetBookingId() != "b" || asked.GetOrderId() != "o" || asked.GetOptionId() != "express" ||
		asked.GetDestination().GetCountry() != "GB" || asked.GetWeightGrams() != 7 {
		t.Errorf("booked with %v, %v", asked, err)
	}
	r.answer = &shippingv1.HandOverShipmentResponse{Shipment: &shippingv1.Shipment{Id: "sh", Carrier: "Royal", TrackingNumber: "RM1"}}
	shipment, err := p.Shipping.HandOver(t.Context(), booking)
	handing, _ := r.asked.(*shippingv1.HandOverShipmentRequest)
	if want := (order.Shipment{ID: "sh", Carrier: "Royal", TrackingNumber: "RM1"}); err != nil || shipment != want ||
		handing.GetBookingId() != "b" || handing.GetOrderId() != "o" {
		t.Errorf("handed over with %v: %v, %v", handing, shipment, err)
	}
	r.answer = &shippingv1.CancelShipmentResponse{}
	err = p.Shipping.CancelBooking(t.Context(), booking)
	canceling, _ := r.asked.(*shippingv1.CancelShipmentRequest)
	if err != nil || canceling.GetBookingId() != "b" || canceling.GetOrderId() != "o" {
		t.Errorf("cancelled with %v, %v", canceling, err)
	}
}

// A refusal without a reason of ours may come from what is between the services.
func TestShippingRefusesForGoodWithAReasonOnly(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	r.err = status.Error(codes.FailedPrecondition, "not now")
	err := p.Shipping.Book(t.Context(), aftersales.Booking{}, order.Address{}, order.ShippingChoice{})
	if err == nil || errors.Is(err, aftersales.ErrNotShippable) {
		t.Errorf("err = %v", err)
	}
}

func TestTheMovesOfParcelsAreReportedByOrder(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	shipments := []*shippingv1.Shipment{
		{OrderId: "there", Events: []*shippingv1.Event{
			{Status: shippingv1.Status_STATUS_LABEL_CREATED}, {Status: shippingv1.Status_STATUS_IN_TRANSIT},
			{Status: shippingv1.Status_STATUS_OUT_FOR_DELIVERY}, {Status: shippingv1.Status_STATUS_DELIVERED},
		}},
		{OrderId: "on its way", Events: []*shippingv1.Event{
			{Status: shippingv1.Status_STATUS_LABEL_CREATED}, {Status: shippingv1.Status_STATUS_IN_TRANSIT},
		}},
		{OrderId: "packed", Events: []*shippingv1.Event{{Status: shippingv1.Status_STATUS_LABEL_CREATED}}},
	}
	want := []parcels.Parcel{
		{OrderID: "there", Moves: []order.Event{order.EventInTransit, order.EventOutForDelivery, order.EventDelivered}},
		{OrderID: "on its way", Moves: []order.Event{order.EventInTransit}},
	}
	r.answer = &shippingv1.ListShipmentsResponse{Shipments: shipments}
	moves, err := p.Shipping.Moves(t.Context(), []string{"there", "on its way", "packed"})
	if err != nil || !reflect.DeepEqual(moves, want) {
		t.Errorf("%v, %v; want %v", moves, err, want)
	}
	r.answer = &shippingv1.WatchParcelsResponse{Shipments: shipments, Position: "7", More: true, Reset_: true}
	news, err := p.Shipping.Moved(t.Context(), "6", time.Second)
	if all := (parcels.News{Changes: want, Position: "7", More: true, Reset: true}); err != nil || !reflect.DeepEqual(news, all) {
		t.Errorf("%v, %v; want %v", news, err, all)
	}
}

func TestTheCustomersTokenIsForWhatIsTheirsOnly(t *testing.T) {
	t.Parallel()
	r, p := setup(t)
	ctx := rpc.WithRequestID(access.WithToken(t.Context(), "token"), "req-1")
	r.answer = &cartsv1.GetCartResponse{}
	if _, err := p.Carts.Cart(ctx, "c"); err != nil || len(r.metadata.Get("authorization")) != 1 {
		t.Errorf("cart was asked for with %v, %v", r.metadata, err)
	}
	r.answer = &inventoryv1.CommitReservationResponse{}
	if err := p.Inventory.Commit(ctx, "o"); err != nil || len(r.metadata.Get("authorization")) != 0 {
		t.Errorf("reservation was committed with %v, %v", r.metadata, err)
	}
	if ids := r.metadata.Get("x-request-id"); len(ids) != 1 || ids[0] != "req-1" {
		t.Errorf("request id %v", ids)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.Inventory.Commit(ended, "o"); !errors.Is(err, saga.ErrUnavailable) {
		t.Errorf("after the end: %v", err)
	}
}
