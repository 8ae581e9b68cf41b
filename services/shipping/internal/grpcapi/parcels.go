package grpcapi

import (
	"context"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/services/shipping/internal/shipping"
)

// ListParcels returns a page of the parcels that are booked or handed over.
func (s *Server) ListParcels(ctx context.Context, req *shippingv1.ListParcelsRequest) (*shippingv1.ListParcelsResponse, error) {
	page, next, err := s.shipping.Parcels(ctx, shipping.ParcelQuery{
		Limit: int(req.GetLimit()), After: req.GetAfter(), OrderIDs: req.GetOrderIds(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &shippingv1.ListParcelsResponse{NextAfter: next}
	for _, sh := range page {
		answer.Parcels = append(answer.Parcels, &shippingv1.Parcel{
			OrderId: sh.OrderID, BookingId: sh.BookingID, HandedOver: sh.Status != shipping.Booked, TrackingNumber: sh.TrackingNumber,
		})
	}
	return answer, nil
}
