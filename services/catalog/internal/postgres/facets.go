package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

// facetsOf returns the facets of the matches of a search without filters, which are read once for all of them.
func (s *Store) facetsOf(ctx context.Context, q catalog.Query, w wanted, found *matches) ([]catalog.Facet, catalog.VariantFacets, error) {
	products, where := newestCounted("p.category_slug, p.category, p.brand, "+offerOfProduct, q, w, found)
	rows, err := s.pool.Query(ctx, products, where.args()...)
	if err != nil {
		return nil, catalog.VariantFacets{}, fmt.Errorf("facets: %w", err)
	}
	categories, brands, counts := map[string]catalog.FacetValue{}, map[string]catalog.FacetValue{}, newOffers()
	var slug, category, brand, offer string
	if _, err := pgx.ForEachRow(rows, []any{&slug, &category, &brand, &offer}, func() error {
		countValue(categories, slug, category)
		countValue(brands, brand, brand)
		return counts.add(offer, 1, counting{anyOption, true})
	}); err != nil {
		return nil, catalog.VariantFacets{}, fmt.Errorf("facets: %w", err)
	}
	facets := noFacets()
	for i, values := range []map[string]catalog.FacetValue{categories, brands} {
		facets[i].Values = mostFrequent(slices.Collect(maps.Values(values)))
	}
	return facets, catalog.VariantFacets{Options: mostCommon(counts.facets()), Prices: counts.prices}, nil
}

// countValue counts a product that has a value, unless that is empty. Of several names for it, the first in the alphabet is shown.
func countValue(counts map[string]catalog.FacetValue, value, name string) {
	if value == "" {
		return
	}
	counted, known := counts[value]
	if known {
		name = min(name, counted.Name)
	}
	counts[value] = catalog.FacetValue{Value: value, Name: name, Count: counted.Count + 1}
}
