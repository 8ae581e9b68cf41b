package handler

import (
	"context"
	"fmt"
	"net/http"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// GetSynonyms returns the synonyms of searches to staff.
func (h *Handler) GetSynonyms(ctx context.Context, _ api.GetSynonymsRequestObject) (api.GetSynonymsResponseObject, error) {
	answer, err := h.Catalog.GetSynonyms(ctx, &catalogv1.GetSynonymsRequest{})
	if err != nil {
		return nil, err
	}
	headers := api.GetSynonyms200ResponseHeaders{ETag: synonymsTag(answer.GetSynonyms())}
	return api.GetSynonyms200JSONResponse{Body: synonymsView(answer.GetSynonyms()), Headers: headers}, nil
}

// SetSynonyms replaces the synonyms of searches if the client knows the current ones.
func (h *Handler) SetSynonyms(ctx context.Context, req api.SetSynonymsRequestObject) (api.SetSynonymsResponseObject, error) {
	version, err := h.synonymsToReplace(ctx, req.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	answer, err := h.Catalog.SetSynonyms(ctx, &catalogv1.SetSynonymsRequest{
		Version: version,
		Groups:  views(req.Body.Groups, func(g api.SynonymGroupInput) *catalogv1.SynonymGroup { return &catalogv1.SynonymGroup{Terms: g.Terms} }),
	})
	if err != nil {
		return nil, err
	}
	headers := api.SetSynonyms200ResponseHeaders{ETag: synonymsTag(answer.GetSynonyms())}
	return api.SetSynonyms200JSONResponse{Body: synonymsView(answer.GetSynonyms()), Headers: headers}, nil
}

// synonymsToReplace returns the version that the synonyms must have for a change, or nil for any.
func (h *Handler) synonymsToReplace(ctx context.Context, ifMatch string) (*int64, error) {
	named := parseTags(ifMatch)
	if named.any {
		return nil, nil
	}
	answer, err := h.Catalog.GetSynonyms(ctx, &catalogv1.GetSynonymsRequest{})
	if err != nil {
		return nil, err
	}
	if !named.haveStrongly(synonymsTag(answer.GetSynonyms())) {
		return nil, edge.NewProblem(http.StatusPreconditionFailed, api.ProblemCodePreconditionFailed, "If-Match names no ETag of the synonyms as they are.")
	}
	version := answer.GetSynonyms().GetVersion()
	return &version, nil
}

func synonymsTag(synonyms *catalogv1.Synonyms) string {
	return fmt.Sprintf(`"synonyms.%d"`, synonyms.GetVersion())
}

func synonymsView(synonyms *catalogv1.Synonyms) api.Synonyms {
	return api.Synonyms{Groups: views(synonyms.GetGroups(), func(g *catalogv1.SynonymGroup) api.SynonymGroup { return api.SynonymGroup{Terms: g.GetTerms()} })}
}
