package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
)

// ListSessions returns where the caller is signed in.
func (s *Server) ListSessions(ctx context.Context, req *customersv1.ListSessionsRequest) (*customersv1.ListSessionsResponse, error) {
	page, next, err := s.customers.Sessions(ctx, caller(ctx), int(req.GetLimit()), req.GetCursor())
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListSessionsResponse{NextCursor: next}
	for _, session := range page {
		answer.Sessions = append(answer.Sessions, &customersv1.OpenSession{
			Id: session.ID, CreatedAt: timestamppb.New(session.CreatedAt), LastUsedAt: timestamppb.New(session.LastUsedAt()), Device: session.Device,
			Current: session.ID == access.FromContext(ctx).SessionID,
		})
	}
	return answer, nil
}

// EndSession signs the caller out at one place.
func (s *Server) EndSession(ctx context.Context, req *customersv1.EndSessionRequest) (*customersv1.EndSessionResponse, error) {
	if err := s.customers.EndSession(ctx, caller(ctx), req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.EndSessionResponse{}, nil
}
