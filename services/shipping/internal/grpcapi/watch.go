package grpcapi

import (
	"context"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/admission"
)

// WatchParcels tells which parcels have moved.
func (s *Server) WatchParcels(ctx context.Context, req *shippingv1.WatchParcelsRequest) (*shippingv1.WatchParcelsResponse, error) {
	admission.Yield(ctx) // it only waits
	news, err := s.feed.Page(ctx, req.GetPosition(), req.GetWait().AsDuration())
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(news.Changes))
	for i, change := range news.Changes {
		ids[i] = change.ID
	}
	moved, err := s.shipping.Moved(ctx, ids)
	if err != nil {
		return nil, wireError(err)
	}
	answer := &shippingv1.WatchParcelsResponse{Position: news.Position, More: news.More, Reset_: news.Reset}
	for _, sh := range moved {
		answer.Shipments = append(answer.Shipments, shipmentProto(sh))
	}
	return answer, nil
}
