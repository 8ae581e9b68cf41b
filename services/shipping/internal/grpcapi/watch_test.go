package grpcapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
)

func TestOrdersIsToldWhichParcelsMoved(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client, orders := shippingv1.NewShippingServiceClient(serveOn(t, pool).Conn), grpctest.Service(t, "orders")
	begin, err := client.WatchParcels(orders, &shippingv1.WatchParcelsRequest{})
	if err != nil || !begin.GetReset_() || begin.GetPosition() == "" || len(begin.GetShipments()) > 0 {
		t.Fatalf("without a position: %v, %v", begin, err)
	}
	order := uuid.NewString()
	created, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{OrderId: order, OptionId: "royal-standard", Destination: leeds})
	if err != nil {
		t.Fatal(err)
	}
	events := []shipping.Event{{At: time.Now(), Status: shipping.InTransit}}
	if err := postgres.New(pool).Record(t.Context(), created.GetShipment().GetId(), events, time.Now()); err != nil {
		t.Fatal(err)
	}
	told, err := client.WatchParcels(orders, &shippingv1.WatchParcelsRequest{Position: begin.GetPosition(), Wait: durationpb.New(5 * time.Second)})
	if err != nil || told.GetReset_() || told.GetMore() || len(told.GetShipments()) != 1 {
		t.Fatalf("after a move: %v, %v", told, err)
	}
	if sh := told.GetShipments()[0]; sh.GetOrderId() != order || sh.GetStatus() != shippingv1.Status_STATUS_IN_TRANSIT || len(sh.GetEvents()) != 2 {
		t.Errorf("told of %v", sh)
	}
	_, err = client.WatchParcels(orders, &shippingv1.WatchParcelsRequest{Wait: durationpb.New(time.Minute)})
	grpctest.Expect(t, "a minute", err, codes.InvalidArgument, "VALIDATION_FAILED")
}
