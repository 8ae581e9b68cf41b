package grpcapi

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/admission"
)

// WatchProducts tells which products have changed.
func (s *Server) WatchProducts(ctx context.Context, req *catalogv1.WatchProductsRequest) (*catalogv1.WatchProductsResponse, error) {
	admission.Yield(ctx) // it only waits
	news, err := s.feed.Wait(ctx, req.GetPosition(), req.GetWait().AsDuration())
	if err != nil {
		return nil, err
	}
	answer := &catalogv1.WatchProductsResponse{Position: news.Position, Reset_: news.Reset}
	for _, change := range news.Changes {
		answer.Changes = append(answer.Changes, &catalogv1.ChangedProduct{Id: change.ID, At: change.At})
	}
	return answer, nil
}
