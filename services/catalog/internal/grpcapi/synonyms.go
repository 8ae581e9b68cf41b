package grpcapi

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/services/catalog/internal/catalog"
)

// GetSynonyms returns the synonyms of searches.
func (s *Server) GetSynonyms(ctx context.Context, _ *catalogv1.GetSynonymsRequest) (*catalogv1.GetSynonymsResponse, error) {
	synonyms, err := s.catalog.Synonyms(ctx)
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.GetSynonymsResponse{Synonyms: synonymsProto(synonyms)}, nil
}

// SetSynonyms replaces the synonyms of searches.
func (s *Server) SetSynonyms(ctx context.Context, req *catalogv1.SetSynonymsRequest) (*catalogv1.SetSynonymsResponse, error) {
	groups := make([][]string, len(req.GetGroups()))
	for i, group := range req.GetGroups() {
		groups[i] = group.GetTerms()
	}
	synonyms, err := s.catalog.SetSynonyms(ctx, groups, req.Version)
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.SetSynonymsResponse{Synonyms: synonymsProto(synonyms)}, nil
}

func synonymsProto(synonyms catalog.Synonyms) *catalogv1.Synonyms {
	groups := make([]*catalogv1.SynonymGroup, len(synonyms.Groups))
	for i, terms := range synonyms.Groups {
		groups[i] = &catalogv1.SynonymGroup{Terms: terms}
	}
	return &catalogv1.Synonyms{Groups: groups, Version: synonyms.Version}
}
