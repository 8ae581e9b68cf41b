package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"

	shippingv1 "souk/proto/gen/souk/shipping/v1"
)

func FuzzHandlers(f *testing.F) {
	server := serve(f)
	order, booking := uuid.NewString(), uuid.NewString()
	server.Fuzz(f, shippingv1.File_souk_shipping_v1_shipping_proto, uuid.NewString(),
		&shippingv1.QuoteRequest{Destination: leeds, WeightGrams: 500, Currency: "GBP"},
		&shippingv1.CreateShipmentRequest{OrderId: order, OptionId: "royal-standard", Destination: leeds, WeightGrams: 500},
		&shippingv1.CreateShipmentRequest{OrderId: order, OptionId: "royal-standard", Destination: leeds, WeightGrams: 500, BookingId: booking},
		&shippingv1.HandOverShipmentRequest{OrderId: order, BookingId: booking},
		&shippingv1.CancelShipmentRequest{OrderId: order, BookingId: booking},
		&shippingv1.ListShipmentsRequest{OrderIds: []string{order}},
		&shippingv1.WatchParcelsRequest{Position: "1.2.3"},
	)
}
