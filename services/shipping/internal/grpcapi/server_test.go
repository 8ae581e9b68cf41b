package grpcapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/pgfeed"
	"souk/platform/rpc"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/grpcapi"
	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
	"souk/services/shipping/internal/simulator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// setup returns a client of the service behind its real interceptors.
func setup(t *testing.T) shippingv1.ShippingServiceClient {
	t.Helper()
	return shippingv1.NewShippingServiceClient(serve(t).Conn)
}

// serve serves the service.
func serve(t testing.TB) *grpctest.Server {
	t.Helper()
	return serveOn(t, pgtest.New(t, postgres.Migrations))
}

func serveOn(t testing.TB, pool *pgxpool.Pool) *grpctest.Server {
	t.Helper()
	service := shipping.New(postgres.New(pool), simulator.New(time.Hour, time.Now), "GBP")
	return grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		shippingv1.RegisterShippingServiceServer(r, grpcapi.New(service, pgfeed.New(pool, "shipments", "order_id")))
	})
}

var leeds = &shippingv1.Destination{Country: "GB", PostalCode: "LS1 6DT"}

func TestAParcelIsQuotedShippedAndListed(t *testing.T) {
	t.Parallel()
	client := setup(t)
	quote, err := client.Quote(t.Context(), &shippingv1.QuoteRequest{Destination: leeds, WeightGrams: 500, Currency: "GBP"})
	if err != nil || len(quote.GetOptions()) == 0 {
		t.Fatalf("quote: %v, %v", quote, err)
	}
	option := quote.GetOptions()[0]
	if option.GetPrice().GetCurrency() != "GBP" || option.GetMinDays() < 1 || option.GetMaxDays() < option.GetMinDays() {
		t.Errorf("option = %v", option)
	}
	orders := grpctest.Service(t, "orders")
	req := &shippingv1.CreateShipmentRequest{OrderId: uuid.NewString(), OptionId: option.GetId(), Destination: leeds, WeightGrams: 500}
	created, err := client.CreateShipment(orders, req)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := client.ListShipments(grpctest.Service(t, "gateway"),
		&shippingv1.ListShipmentsRequest{OrderIds: []string{uuid.NewString(), req.GetOrderId(), "no id", "\x00"}})
	if err != nil || len(listed.GetShipments()) != 1 {
		t.Fatalf("list: %v, %v; want one", listed, err)
	}
	for _, sh := range []*shippingv1.Shipment{created.GetShipment(), listed.GetShipments()[0]} {
		if sh.GetOrderId() != req.GetOrderId() || sh.GetCarrier() != option.GetCarrier() || sh.GetService() != option.GetService() ||
			sh.GetTrackingNumber() == "" || sh.GetStatus() != shippingv1.Status_STATUS_LABEL_CREATED || len(sh.GetEvents()) != 1 ||
			time.Since(sh.GetCreatedAt().AsTime()).Abs() > time.Minute {
			t.Errorf("shipment = %v", sh)
		}
	}
}

func TestErrorsSayWhy(t *testing.T) {
	t.Parallel()
	client := setup(t)
	orders := grpctest.Service(t, "orders")
	for _, option := range []string{"", "europe-standard", "none", "\x00"} {
		_, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{OrderId: uuid.NewString(), OptionId: option, Destination: leeds})
		grpctest.Expect(t, "option "+option, err, codes.InvalidArgument, "UNKNOWN_SHIPPING_OPTION")
	}
	_, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{})
	grpctest.Expect(t, "shipment without anything", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.Quote(t.Context(), &shippingv1.QuoteRequest{Destination: &shippingv1.Destination{Country: "UK"}, Currency: "GBP"})
	if grpctest.Expect(t, "UK", err, codes.InvalidArgument, "VALIDATION_FAILED"); len(rpc.Violations(err)) != 1 || rpc.Violations(err)[0].Field != "destination.country" {
		t.Errorf("violations = %v, want one of destination.country", rpc.Violations(err))
	}
	_, err = client.ListShipments(orders, &shippingv1.ListShipmentsRequest{OrderIds: make([]string, 101)})
	grpctest.Expect(t, "101 orders", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestOnlyOrdersShips(t *testing.T) {
	t.Parallel()
	client := setup(t)
	for _, caller := range []string{"gateway", "audit", "catalog"} {
		_, err := client.CreateShipment(grpctest.Service(t, caller), &shippingv1.CreateShipmentRequest{})
		grpctest.Expect(t, "shipment by "+caller, err, codes.PermissionDenied, "")
		_, err = client.HandOverShipment(grpctest.Service(t, caller), &shippingv1.HandOverShipmentRequest{})
		grpctest.Expect(t, "handing over by "+caller, err, codes.PermissionDenied, "")
		_, err = client.CancelShipment(grpctest.Service(t, caller), &shippingv1.CancelShipmentRequest{})
		grpctest.Expect(t, "canceling by "+caller, err, codes.PermissionDenied, "")
		_, err = client.WatchParcels(grpctest.Service(t, caller), &shippingv1.WatchParcelsRequest{})
		grpctest.Expect(t, "moves told to "+caller, err, codes.PermissionDenied, "")
	}
	_, err := client.ListShipments(grpctest.Service(t, "audit"), &shippingv1.ListShipmentsRequest{})
	grpctest.Expect(t, "list by an audit without staff", err, codes.Unauthenticated, "")
}
