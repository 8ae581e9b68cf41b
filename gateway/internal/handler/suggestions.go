package handler

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// ListProductSuggestions completes a search while it is typed.
func (h *Handler) ListProductSuggestions(ctx context.Context, req api.ListProductSuggestionsRequestObject) (api.ListProductSuggestionsResponseObject, error) {
	answer, err := h.Catalog.ListSuggestions(ctx, &catalogv1.ListSuggestionsRequest{Query: value(req.Params.Q)})
	if err != nil {
		return nil, err
	}
	return api.ListProductSuggestions200JSONResponse{Body: api.SuggestionList{Items: views(answer.GetSuggestions(), suggestionView)}}, nil
}

func suggestionView(s *catalogv1.Suggestion) api.Suggestion {
	if s.GetProductId() == "" {
		return api.Suggestion{Kind: "completion", Text: s.GetText()}
	}
	return api.Suggestion{Kind: "product", Text: s.GetText(), ProductId: optional(s.GetProductId()), Slug: optional(s.GetProductSlug())}
}
