package peers

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	errorsv1 "souk/proto/gen/souk/errors/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/field"
	"souk/platform/rpc"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
)

type shipping struct {
	client shippingv1.ShippingServiceClient
}

var _ orders.Shipping = (*shipping)(nil)

func (s *shipping) Quote(ctx context.Context, to order.Address, weightGrams int64, currency string) ([]checkout.ShippingOption, error) {
	answer, err := s.client.Quote(asShop(ctx), &shippingv1.QuoteRequest{
		Destination: destination(to), WeightGrams: weightGrams, Currency: currency,
	})
	if rpc.HasReason(err, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED) {
		return nil, &field.Error{Violations: lastNames(rpc.Violations(err))}
	}
	if err != nil {
		return nil, peerError(err)
	}
	options := make([]checkout.ShippingOption, len(answer.GetOptions()))
	for i, o := range answer.GetOptions() {
		options[i] = checkout.ShippingOption{ID: o.GetId(), Carrier: o.GetCarrier(), Service: o.GetService(), Price: moneyOf(o.GetPrice())}
	}
	return options, nil
}

// lastNames shortens the paths of fields to their last element: address.country to country.
func lastNames(violations []field.Violation) []field.Violation {
	for i, v := range violations {
		violations[i].Field = v.Field[strings.LastIndexByte(v.Field, '.')+1:]
	}
	return violations
}

func (s *shipping) Book(ctx context.Context, booking aftersales.Booking, to order.Address, choice order.ShippingChoice) error {
	_, err := s.client.CreateShipment(asShop(ctx), &shippingv1.CreateShipmentRequest{
		BookingId: booking.ID, OrderId: booking.OrderID, OptionId: choice.OptionID, Destination: destination(to), WeightGrams: choice.WeightGrams,
	})
	switch {
	case err == nil:
		return nil
	case refuses(err):
		return fmt.Errorf("%w: %s", aftersales.ErrNotShippable, status.Convert(err).Message())
	default:
		return peerError(err)
	}
}

// refuses reports whether shipping has refused a booking for good.
func refuses(err error) bool {
	code := status.Code(err)
	return (code == codes.InvalidArgument || code == codes.FailedPrecondition) && rpc.Reason(err) != ""
}

func (s *shipping) CancelBooking(ctx context.Context, booking aftersales.Booking) error {
	_, err := s.client.CancelShipment(asShop(ctx), &shippingv1.CancelShipmentRequest{OrderId: booking.OrderID, BookingId: booking.ID})
	if err != nil {
		return peerError(err)
	}
	return nil
}

func (s *shipping) HandOver(ctx context.Context, booking aftersales.Booking) (order.Shipment, error) {
	answer, err := s.client.HandOverShipment(asShop(ctx), &shippingv1.HandOverShipmentRequest{OrderId: booking.OrderID, BookingId: booking.ID})
	if err != nil {
		return order.Shipment{}, peerError(err)
	}
	shipment := answer.GetShipment()
	return order.Shipment{ID: shipment.GetId(), Carrier: shipment.GetCarrier(), TrackingNumber: shipment.GetTrackingNumber()}, nil
}

func (s *shipping) Parcel(ctx context.Context, orderID string) (*mend.Parcel, error) {
	answer, err := s.client.ListParcels(asShop(ctx), &shippingv1.ListParcelsRequest{OrderIds: []string{orderID}})
	if err != nil {
		return nil, peerError(err)
	}
	for _, p := range answer.GetParcels() {
		return &mend.Parcel{
			Booking:    aftersales.Booking{ID: cmp.Or(p.GetBookingId(), orderID), OrderID: orderID},
			HandedOver: p.GetHandedOver(), TrackingNumber: p.GetTrackingNumber(),
		}, nil
	}
	return nil, nil
}

// moves maps the statuses of parcels on their way to what the timeline says of them.
var moves = map[shippingv1.Status]order.Event{
	shippingv1.Status_STATUS_IN_TRANSIT:       order.EventInTransit,
	shippingv1.Status_STATUS_OUT_FOR_DELIVERY: order.EventOutForDelivery,
	shippingv1.Status_STATUS_DELIVERED:        order.EventDelivered,
}

func (s *shipping) Moves(ctx context.Context, orderIDs []string) ([]parcels.Parcel, error) {
	answer, err := s.client.ListShipments(asShop(ctx), &shippingv1.ListShipmentsRequest{OrderIds: orderIDs})
	if err != nil {
		return nil, peerError(err)
	}
	return parcelMoves(answer.GetShipments()), nil
}

func (s *shipping) Moved(ctx context.Context, position string, wait time.Duration) (parcels.News, error) {
	answer, err := s.client.WatchParcels(asShop(ctx), &shippingv1.WatchParcelsRequest{Position: position, Wait: durationpb.New(wait)})
	if err != nil {
		return parcels.News{}, peerError(err)
	}
	return parcels.News{
		Changes: parcelMoves(answer.GetShipments()), Position: answer.GetPosition(), More: answer.GetMore(), Reset: answer.GetReset_(),
	}, nil
}

// parcelMoves returns the moves of the parcels that have left.
func parcelMoves(shipments []*shippingv1.Shipment) []parcels.Parcel {
	var moved []parcels.Parcel
	for _, shipment := range shipments {
		parcel := parcels.Parcel{OrderID: shipment.GetOrderId(), Trace: shipment.GetTraceparent()}
		for _, event := range shipment.GetEvents() {
			if move, ok := moves[event.GetStatus()]; ok {
				parcel.Moves = append(parcel.Moves, move)
			}
		}
		if len(parcel.Moves) > 0 {
			moved = append(moved, parcel)
		}
	}
	return moved
}

func destination(to order.Address) *shippingv1.Destination {
	return &shippingv1.Destination{Country: to.Country, PostalCode: to.PostalCode}
}
