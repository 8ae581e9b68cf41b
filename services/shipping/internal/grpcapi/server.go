// Package grpcapi serves shipping's contract: proto in, domain out.
package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	moneyv1 "souk/proto/gen/souk/money/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/pgfeed"

	"souk/services/shipping/internal/shipping"
)

// Server implements shippingv1.ShippingServiceServer.
type Server struct {
	shippingv1.UnimplementedShippingServiceServer
	shipping *shipping.Service
	feed     *pgfeed.Feed
}

// New returns a server of service. The feed is that of the parcels' moves, by order.
func New(service *shipping.Service, feed *pgfeed.Feed) *Server {
	return &Server{shipping: service, feed: feed}
}

// Quote lists the ways to send a weight to a place.
func (s *Server) Quote(ctx context.Context, req *shippingv1.QuoteRequest) (*shippingv1.QuoteResponse, error) {
	options, err := s.shipping.Quote(ctx, destination(req.GetDestination()), req.GetWeightGrams(), req.GetCurrency())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &shippingv1.QuoteResponse{}
	for _, o := range options {
		answer.Options = append(answer.Options, &shippingv1.Option{
			Id: o.ID, Carrier: o.Carrier, Service: o.Service,
			Price:   &moneyv1.Money{Amount: o.Price.Amount, Currency: o.Price.Currency},
			MinDays: int32(o.MinDays), MaxDays: int32(o.MaxDays),
		})
	}
	return answer, nil
}

// CreateShipment books an order's parcel. Without the id of a booking it hands the parcel over at once.
func (s *Server) CreateShipment(ctx context.Context, req *shippingv1.CreateShipmentRequest) (*shippingv1.CreateShipmentResponse, error) {
	sh, err := s.create(ctx, req)
	if err != nil {
		return nil, wireError(err)
	}
	return &shippingv1.CreateShipmentResponse{Shipment: shipmentProto(sh)}, nil
}

func (s *Server) create(ctx context.Context, req *shippingv1.CreateShipmentRequest) (shipping.Shipment, error) {
	to := destination(req.GetDestination())
	if req.GetBookingId() == "" {
		return s.shipping.Ship(ctx, req.GetOrderId(), req.GetOptionId(), to, req.GetWeightGrams())
	}
	return s.shipping.Book(ctx, req.GetBookingId(), req.GetOrderId(), req.GetOptionId(), to, req.GetWeightGrams())
}

// HandOverShipment hands a booked parcel to the carrier.
func (s *Server) HandOverShipment(ctx context.Context, req *shippingv1.HandOverShipmentRequest) (*shippingv1.HandOverShipmentResponse, error) {
	sh, err := s.shipping.HandOver(ctx, req.GetBookingId(), req.GetOrderId())
	if err != nil {
		return nil, wireError(err)
	}
	return &shippingv1.HandOverShipmentResponse{Shipment: shipmentProto(sh)}, nil
}

// CancelShipment gives a booking back to the carrier.
func (s *Server) CancelShipment(ctx context.Context, req *shippingv1.CancelShipmentRequest) (*shippingv1.CancelShipmentResponse, error) {
	if err := s.shipping.Cancel(ctx, req.GetBookingId(), req.GetOrderId()); err != nil {
		return nil, wireError(err)
	}
	return &shippingv1.CancelShipmentResponse{}, nil
}

// ListShipments returns the shipments of orders.
func (s *Server) ListShipments(ctx context.Context, req *shippingv1.ListShipmentsRequest) (*shippingv1.ListShipmentsResponse, error) {
	shipments, err := s.shipping.Shipments(ctx, req.GetOrderIds())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &shippingv1.ListShipmentsResponse{}
	for _, sh := range shipments {
		answer.Shipments = append(answer.Shipments, shipmentProto(sh))
	}
	return answer, nil
}

func destination(d *shippingv1.Destination) shipping.Destination {
	return shipping.Destination{Country: d.GetCountry(), PostalCode: d.GetPostalCode()}
}

var statuses = map[shipping.Status]shippingv1.Status{
	shipping.Booked:         shippingv1.Status_STATUS_BOOKED,
	shipping.LabelCreated:   shippingv1.Status_STATUS_LABEL_CREATED,
	shipping.InTransit:      shippingv1.Status_STATUS_IN_TRANSIT,
	shipping.OutForDelivery: shippingv1.Status_STATUS_OUT_FOR_DELIVERY,
	shipping.Delivered:      shippingv1.Status_STATUS_DELIVERED,
}

func shipmentProto(sh shipping.Shipment) *shippingv1.Shipment {
	out := &shippingv1.Shipment{
		Id: sh.ID, OrderId: sh.OrderID, Carrier: sh.Carrier, Service: sh.Service, TrackingNumber: sh.TrackingNumber,
		Status: statuses[sh.Status], CreatedAt: timestamppb.New(sh.CreatedAt), Traceparent: sh.Trace,
	}
	for _, e := range sh.Events {
		out.Events = append(out.Events, &shippingv1.Event{At: timestamppb.New(e.At), Status: statuses[e.Status], Detail: e.Detail})
	}
	return out
}
