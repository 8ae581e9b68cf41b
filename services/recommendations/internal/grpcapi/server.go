// Package grpcapi serves the contract of recommendations: proto in, domain out.
package grpcapi

import (
	"context"

	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"

	"souk/services/recommendations/internal/recommendations"
)

// Server implements recommendationsv1.RecommendationsServiceServer.
type Server struct {
	recommendationsv1.UnimplementedRecommendationsServiceServer
	recommendations *recommendations.Service
}

// New returns a server of service.
func New(service *recommendations.Service) *Server {
	return &Server{recommendations: service}
}

// ListRecommendations returns products that were bought together with those named.
func (s *Server) ListRecommendations(
	_ context.Context, req *recommendationsv1.ListRecommendationsRequest,
) (*recommendationsv1.ListRecommendationsResponse, error) {
	products, err := s.recommendations.Recommend(req.GetProductIds(), int(req.GetLimit()))
	if err != nil {
		return nil, err
	}
	return &recommendationsv1.ListRecommendationsResponse{ProductIds: products}, nil
}
