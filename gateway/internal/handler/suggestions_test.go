package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

const (
	listSuggestions = catalogv1.CatalogService_ListSuggestions_FullMethodName
	suggestions     = "/v1/products/suggestions"
)

// suggest makes catalog complete every text with mug.
func suggest(s *shop) {
	on(s, listSuggestions, func(_ context.Context, req *catalogv1.ListSuggestionsRequest) (*catalogv1.ListSuggestionsResponse, error) {
		return &catalogv1.ListSuggestionsResponse{Suggestions: []*catalogv1.Suggestion{
			{Text: req.GetQuery() + " mug"}, {Text: "Blue Mug", ProductId: "p1", ProductSlug: "blue-mug"},
		}}, nil
	})
}

const suggestedForBlue = `{"items": [
	{"kind": "completion", "text": "blue mug"},
	{"kind": "product", "text": "Blue Mug", "product_id": "p1", "slug": "blue-mug"}]}`

func TestSuggestionsAreCompletionsAndProducts(t *testing.T) {
	t.Parallel()
	s := open(t)
	suggest(s)
	s.send(t, guest, "GET", suggestions+"?q=blue", nil).mustBe(t, 200, suggestedForBlue)
	s.send(t, guest, "GET", suggestions+"?q=a&q=b", nil).refused(t, 422, "validation_failed")
	on(s, listSuggestions, returns[*catalogv1.ListSuggestionsRequest](&catalogv1.ListSuggestionsResponse{}))
	s.send(t, guest, "GET", suggestions+"?q=x", nil).mustBe(t, 200, `{"items": []}`)
}

func TestAProductWithTheSlugOfTheSuggestionsHasItsID(t *testing.T) {
	t.Parallel()
	s := open(t)
	suggest(s)
	m := mug()
	m.Slug = "suggestions"
	sell(s, m)
	stock(s, nil)
	s.send(t, guest, "GET", suggestions+"?q=blue", nil).mustBe(t, 200, suggestedForBlue)
	s.send(t, guest, "GET", "/v1/products/p1", nil).mustBe(t, 200, "")
}

func TestSuggestionsAreCachedUntilAProductChanges(t *testing.T) {
	t.Parallel()
	s, products, _ := told(t)
	suggest(s)
	for range 3 {
		s.send(t, guest, "GET", suggestions+"?q=blue", nil).mustBe(t, 200, suggestedForBlue)
	}
	if got := s.called(listSuggestions); got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
	products.tells(t, "p9")
	s.send(t, guest, "GET", suggestions+"?q=blue", nil).mustBe(t, 200, suggestedForBlue)
	if got := s.called(listSuggestions); got != 2 {
		t.Errorf("%d calls after a change, want 2", got)
	}
}

func TestSuggestionsAreTheLastGoodOnesWhileCatalogFails(t *testing.T) {
	t.Parallel()
	s := open(t)
	suggest(s)
	s.send(t, guest, "GET", suggestions+"?q=blue", nil).mustBeStale(t, false)
	s.failAll("CatalogService", status.Error(codes.Unavailable, "away"))
	before := degraded(t, "suggestions")
	r := s.send(t, guest, "GET", suggestions+"?q=blue", nil)
	r.mustBe(t, 200, suggestedForBlue)
	r.mustBeStale(t, true)
	if degraded(t, "suggestions") <= before {
		t.Error("the old answer is not counted")
	}
}
