package handler

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// optionPrefix is what the names of the parameters begin with that filter by options.
const optionPrefix = "option."

type optionsKey struct{}

// KeepOptions is a middleware that keeps the options to filter by, whose parameters have the names of the options, for ListProducts.
func KeepOptions(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
	if operationID != "ListProducts" {
		return next
	}
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if strings.Contains(r.URL.RawQuery, "option") {
			query := r.URL.Query()
			var filters []*catalogv1.OptionFilter
			for _, name := range slices.Sorted(maps.Keys(query)) {
				if option, ok := strings.CutPrefix(name, optionPrefix); ok {
					filters = append(filters, &catalogv1.OptionFilter{Name: option, Values: query[name]})
				}
			}
			ctx = context.WithValue(ctx, optionsKey{}, filters)
		}
		return next(ctx, w, r, request)
	}
}

func optionFilters(ctx context.Context) []*catalogv1.OptionFilter {
	filters, _ := ctx.Value(optionsKey{}).([]*catalogv1.OptionFilter)
	return filters
}

// alternatives returns the first value of a filter, and the others.
func alternatives(values *[]string) (first string, others []string) {
	given := value(values)
	if len(given) == 0 {
		return "", nil
	}
	return given[0], given[1:]
}

// idsOf returns the products asked for. An empty list is one without products, not a list of all.
func idsOf(ids *string) []string {
	if ids == nil {
		return nil
	}
	return strings.Split(*ids, ",")
}

// totalViews returns the total and whether it is exact; nil if it was not asked for.
func totalViews(t *catalogv1.Total) (total *int64, exact *bool) {
	if t == nil {
		return nil, nil
	}
	return new(t.GetCount()), new(!t.GetMore())
}

// variantFacets are an answer with the options and the prices of variants.
type variantFacets interface {
	GetOptionFacets() []*catalogv1.Facet
	GetPriceRanges() []*catalogv1.PriceRange
}

func optionFacetViews(answer variantFacets) *[]api.OptionFacet {
	return new(views(answer.GetOptionFacets(), func(f *catalogv1.Facet) api.OptionFacet {
		return api.OptionFacet{Name: f.GetField(), Values: facetValueViews(f)}
	}))
}

func facetValueViews(f *catalogv1.Facet) []api.FacetValue {
	return views(f.GetValues(), func(v *catalogv1.FacetValue) api.FacetValue {
		return api.FacetValue{Value: v.GetValue(), Name: cmp.Or(v.GetName(), v.GetValue()), Count: v.GetCount()}
	})
}

func priceRangeViews(answer variantFacets) *[]api.FacetPriceRange {
	return new(views(answer.GetPriceRanges(), func(r *catalogv1.PriceRange) api.FacetPriceRange {
		return api.FacetPriceRange{Min: r.GetMin(), Max: r.Max, Count: r.GetCount()}
	}))
}
