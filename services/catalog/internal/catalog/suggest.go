package catalog

import (
	"context"
	"slices"

	"souk/platform/field"

	"souk/services/catalog/internal/words"
)

const (
	maxSuggestions = 8
	// The number of completions that are suggested if there are enough products as well.
	completions = 4
	// reservedSlug would hide the product behind GET /v1/products/suggestions.
	reservedSlug = "suggestions"
)

// Named is a product by its names.
type Named struct {
	ID    string
	Slug  string
	Title string
}

// Suggestion is a completion of what was typed, or a product.
type Suggestion struct {
	Text string
	// Product is nil for a completion.
	Product *Named
}

// Suggest returns completions of what a shopper has typed, those of most titles first, and then products, the best first.
func (s *Service) Suggest(ctx context.Context, text string) (suggestions []Suggestion, err error) {
	var check field.Checker
	checkLine(&check, "q", text, maxQuery)
	if err := check.Err(); err != nil {
		return nil, err
	}
	typed := words.ParseTyped(text)
	products, err := s.store.Typed(ctx, typed)
	if err != nil {
		return nil, err
	}
	titles, distances := make([]string, len(products)), map[string]int{}
	for i, p := range products {
		titles[i], distances[p.ID] = p.Title, typed.Distance(p.Title)
	}
	slices.SortStableFunc(products, func(a, b Named) int { return distances[a.ID] - distances[b.ID] })
	texts := typed.Completions(titles)
	for _, text := range first(texts, max(completions, maxSuggestions-len(products))) {
		suggestions = append(suggestions, Suggestion{Text: text})
	}
	for _, p := range first(products, maxSuggestions-len(suggestions)) {
		suggestions = append(suggestions, Suggestion{Text: p.Title, Product: &p})
	}
	return suggestions, nil
}
