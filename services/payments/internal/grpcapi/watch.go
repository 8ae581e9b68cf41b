package grpcapi

import (
	"context"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/admission"
)

// WatchPayments waits for changes of payments and returns the changed payments.
func (s *Server) WatchPayments(ctx context.Context, req *paymentsv1.WatchPaymentsRequest) (*paymentsv1.WatchPaymentsResponse, error) {
	admission.Yield(ctx) // it only waits
	news, err := s.feed.Page(ctx, req.GetPosition(), req.GetWait().AsDuration())
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(news.Changes))
	for i, change := range news.Changes {
		ids[i] = change.ID
	}
	changed, err := s.payments.Changed(ctx, ids)
	if err != nil {
		return nil, wireError(err)
	}
	return &paymentsv1.WatchPaymentsResponse{
		Payments: detailsProto(changed), Position: news.Position, More: news.More, Reset_: news.Reset,
	}, nil
}
