package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
)

// bookingOf is a request to book the parcel of a new order.
func bookingOf(optionID string) *shippingv1.CreateShipmentRequest {
	return &shippingv1.CreateShipmentRequest{
		OrderId: uuid.NewString(), BookingId: uuid.NewString(), OptionId: optionID, Destination: leeds, WeightGrams: 500,
	}
}

func TestAParcelIsBookedAndThenHandedOver(t *testing.T) {
	t.Parallel()
	client, orders := setup(t), grpctest.Service(t, "orders")
	req := bookingOf("royal-standard")
	created, err := client.CreateShipment(orders, req)
	if err != nil {
		t.Fatal(err)
	}
	booked := created.GetShipment()
	if booked.GetStatus() != shippingv1.Status_STATUS_BOOKED || booked.GetTrackingNumber() == "" || len(booked.GetEvents()) != 0 {
		t.Errorf("booked %v", booked)
	}
	handing := &shippingv1.HandOverShipmentRequest{OrderId: req.GetOrderId(), BookingId: req.GetBookingId()}
	handed, err := client.HandOverShipment(orders, handing)
	if err != nil {
		t.Fatal(err)
	}
	sh := handed.GetShipment()
	if sh.GetStatus() != shippingv1.Status_STATUS_LABEL_CREATED || sh.GetTrackingNumber() != booked.GetTrackingNumber() || len(sh.GetEvents()) != 1 {
		t.Errorf("handed over %v", sh)
	}
	_, err = client.CancelShipment(orders, &shippingv1.CancelShipmentRequest{OrderId: req.GetOrderId(), BookingId: req.GetBookingId()})
	grpctest.Expect(t, "canceling", err, codes.FailedPrecondition, "SHIPMENT_HANDED_OVER")
}

func TestErrorsOfBookingsSayWhy(t *testing.T) {
	t.Parallel()
	client, orders := setup(t), grpctest.Service(t, "orders")
	req := bookingOf("royal-standard")
	handing := &shippingv1.HandOverShipmentRequest{OrderId: req.GetOrderId(), BookingId: req.GetBookingId()}
	_, err := client.HandOverShipment(orders, handing)
	grpctest.Expect(t, "handing over nothing", err, codes.NotFound, "SHIPMENT_NOT_FOUND")
	canceling := &shippingv1.CancelShipmentRequest{OrderId: req.GetOrderId(), BookingId: req.GetBookingId()}
	if _, err := client.CancelShipment(orders, canceling); err != nil {
		t.Fatal(err)
	}
	_, err = client.CreateShipment(orders, req)
	grpctest.Expect(t, "booking what was cancelled", err, codes.FailedPrecondition, "BOOKING_CANCELLED")
	_, err = client.HandOverShipment(orders, handing)
	grpctest.Expect(t, "handing over what was cancelled", err, codes.FailedPrecondition, "BOOKING_CANCELLED")
	_, err = client.CreateShipment(orders, bookingOf("europe-standard"))
	grpctest.Expect(t, "an option of another zone", err, codes.InvalidArgument, "UNKNOWN_SHIPPING_OPTION")
}

func TestIDsOfBookingsAreChecked(t *testing.T) {
	t.Parallel()
	client, orders := setup(t), grpctest.Service(t, "orders")
	id := uuid.NewString()
	for name, call := range map[string]func() error{
		"create": func() error {
			_, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{OrderId: id, BookingId: "7", Destination: leeds})
			return err
		},
		"hand over": func() error {
			_, err := client.HandOverShipment(orders, &shippingv1.HandOverShipmentRequest{OrderId: id})
			return err
		},
		"cancel": func() error {
			_, err := client.CancelShipment(orders, &shippingv1.CancelShipmentRequest{OrderId: id, BookingId: "\x00"})
			return err
		},
	} {
		err := call()
		grpctest.Expect(t, name, err, codes.InvalidArgument, "VALIDATION_FAILED")
		if v := rpc.Violations(err); len(v) != 1 || v[0].Field != "booking_id" {
			t.Errorf("%s: violations %v, want one of booking_id", name, v)
		}
	}
}

func TestParcelsAreListedByTheirOrders(t *testing.T) {
	t.Parallel()
	server, orders := serve(t), grpctest.Service(t, "orders")
	client := shippingv1.NewShippingServiceClient(server.Conn)
	want := map[string]string{}
	var handed, cancelled *shippingv1.CreateShipmentRequest
	for i := range 5 {
		req := bookingOf("royal-standard")
		if _, err := client.CreateShipment(orders, req); err != nil {
			t.Fatal(err)
		}
		want[req.GetOrderId()] = req.GetBookingId()
		switch i {
		case 0:
			handed = req
		case 1:
			cancelled = req
		}
	}
	if _, err := client.HandOverShipment(orders, &shippingv1.HandOverShipmentRequest{OrderId: handed.GetOrderId(), BookingId: handed.GetBookingId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CancelShipment(orders, &shippingv1.CancelShipmentRequest{OrderId: cancelled.GetOrderId(), BookingId: cancelled.GetBookingId()}); err != nil {
		t.Fatal(err)
	}
	delete(want, cancelled.GetOrderId())
	for after := ""; ; {
		page, err := client.ListParcels(server.Staff(t), &shippingv1.ListParcelsRequest{Limit: 2, After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.GetParcels() {
			if want[p.GetOrderId()] != p.GetBookingId() || p.GetHandedOver() != (p.GetOrderId() == handed.GetOrderId()) || p.GetTrackingNumber() == "" {
				t.Errorf("parcel %v", p)
			}
			delete(want, p.GetOrderId())
		}
		if after = page.GetNextAfter(); after == "" {
			break
		}
	}
	if len(want) > 0 {
		t.Errorf("the parcels of %v are not listed", want)
	}
	one, err := client.ListParcels(orders, &shippingv1.ListParcelsRequest{OrderIds: []string{handed.GetOrderId()}})
	if err != nil || len(one.GetParcels()) != 1 {
		t.Errorf("of one order: %v, %v", one, err)
	}
	_, err = client.ListParcels(orders, &shippingv1.ListParcelsRequest{Limit: -1, After: "x"})
	grpctest.Expect(t, "listing after nothing", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.ListParcels(grpctest.Service(t, "gateway"), &shippingv1.ListParcelsRequest{})
	grpctest.Expect(t, "listing by the gateway", err, codes.Unauthenticated, "")
}
