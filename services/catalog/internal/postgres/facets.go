package postgres

import (
	"fmt"
	"maps"
	"slices"

	"souk/services/catalog/internal/catalog"
)

// facetsOf returns the facets of the matches of a search.
func facetsOf(found *matches) ([]catalog.Facet, catalog.VariantFacets, error) {
	categories, brands, counts := map[string]catalog.FacetValue{}, map[string]catalog.FacetValue{}, newOffers()
	for _, f := range found.facts {
		countValue(categories, f.categorySlug, f.category)
		countValue(brands, f.brand, f.brand)
		if err := counts.add(f.offer, 1, counting{anyOption, true}); err != nil {
			return nil, catalog.VariantFacets{}, fmt.Errorf("facets: %w", err)
		}
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
