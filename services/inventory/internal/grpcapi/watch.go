package grpcapi

import (
	"context"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/admission"
	"souk/services/inventory/internal/inventory"
)

// WatchAvailability tells of which SKUs the availability has changed.
func (s *Server) WatchAvailability(ctx context.Context, req *inventoryv1.WatchAvailabilityRequest) (*inventoryv1.WatchAvailabilityResponse, error) {
	admission.Yield(ctx) // it only waits
	news, err := s.feed.Wait(ctx, req.GetPosition(), req.GetWait().AsDuration())
	if err != nil {
		return nil, err
	}
	answer := &inventoryv1.WatchAvailabilityResponse{Position: news.Position, Reset_: news.Reset, Limits: inventory.AvailabilityLimits}
	for _, change := range news.Changes {
		answer.Changes = append(answer.Changes, &inventoryv1.ChangedAvailability{Sku: change.ID, At: change.At})
	}
	return answer, nil
}
