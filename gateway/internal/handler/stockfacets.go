package handler

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

const (
	// The maximum number of variants that catalog counts facets of.
	facetSKUs = 20_000
	// The maximum number of options in a list's facets, as in catalog.
	facetOptions = 10
)

// stockCount counts the products of a list that are in stock.
type stockCount struct {
	categories, brands tally
	total              *catalogv1.Total
	// skus are the variants in stock that match.
	skus []string
}

// countInStock counts the products of a query that are in stock, over the whole list, as far as eachInStock reads.
func (h *Handler) countInStock(ctx context.Context, query *catalogv1.ListProductsRequest) (*stockCount, error) {
	count := &stockCount{categories: tally{}, brands: tally{}, total: &catalogv1.Total{}}
	query.Cursor, query.Limit, query.Brief = "", stockPage, true
	rest, err := h.eachInStock(ctx, query, func(p *catalogv1.Product, _ levels, skus []string) bool {
		count.total.Count++
		count.categories.count(p.GetCategorySlug(), p.GetCategory())
		count.brands.count(p.GetBrand(), p.GetBrand())
		count.skus = append(count.skus, skus...)
		return true
	})
	count.total.More = rest != ""
	return count, err
}

// addStockFacets adds the facets of a query to a list. counted is what matches all filters. A facet does not respect its own filter, so
// each filter needs another count without it.
func (h *Handler) addStockFacets(ctx context.Context, list *api.ProductList, query *catalogv1.ListProductsRequest, counted *stockCount) error {
	byCategory, byBrand := counted, counted
	var err error
	if query.GetCategory() != "" {
		byCategory, err = h.countWithout(ctx, query, func(q *catalogv1.ListProductsRequest) { q.Category, q.OtherCategories = "", nil })
	}
	if query.GetBrand() != "" && err == nil {
		byBrand, err = h.countWithout(ctx, query, func(q *catalogv1.ListProductsRequest) { q.Brand, q.OtherBrands = "", nil })
	}
	if err != nil {
		return err
	}
	list.Facets = &[]api.Facet{
		{Field: api.FacetFieldCategory, Values: byCategory.categories.values()},
		{Field: api.FacetFieldBrand, Values: byBrand.brands.values()},
	}
	found, err := h.variantFacetsInStock(ctx, query, counted)
	if status.Code(err) == codes.Unimplemented { // by a catalog of the version before
		return nil
	}
	if err == nil {
		list.OptionFacets, list.PriceRanges = optionFacetViews(found), priceRangeViews(found)
	}
	return err
}

// countWithout counts as countInStock, without a filter.
func (h *Handler) countWithout(
	ctx context.Context, query *catalogv1.ListProductsRequest, remove func(*catalogv1.ListProductsRequest),
) (*stockCount, error) {
	without := proto.CloneOf(query)
	remove(without)
	return h.countInStock(ctx, without)
}

// variantFacetsInStock counts the products of a query by the options and the prices of variants in stock.
func (h *Handler) variantFacetsInStock(
	ctx context.Context, query *catalogv1.ListProductsRequest, counted *stockCount,
) (*catalogv1.GetVariantFacetsResponse, error) {
	found, err := h.facetsOf(ctx, counted)
	if err != nil {
		return nil, err
	}
	facets := &catalogv1.GetVariantFacetsResponse{OptionFacets: found.GetOptionFacets(), PriceRanges: found.GetPriceRanges()}
	for i, o := range query.GetOptions() {
		own, err := h.facetsWithout(ctx, query, func(q *catalogv1.ListProductsRequest) { q.Options = slices.Delete(q.Options, i, i+1) })
		if err != nil {
			return nil, err
		}
		isOwn := func(f *catalogv1.Facet) bool { return f.GetField() == o.GetName() }
		facets.OptionFacets = slices.DeleteFunc(slices.Clone(facets.OptionFacets), isOwn)
		if i := slices.IndexFunc(own.GetOptionFacets(), isOwn); i >= 0 {
			facets.OptionFacets = append(facets.OptionFacets, own.GetOptionFacets()[i])
		}
	}
	if query.MinPrice != nil || query.MaxPrice != nil {
		own, err := h.facetsWithout(ctx, query, func(q *catalogv1.ListProductsRequest) { q.MinPrice, q.MaxPrice = nil, nil })
		if err != nil {
			return nil, err
		}
		facets.PriceRanges = own.GetPriceRanges()
	}
	facets.OptionFacets = mostCommon(facets.OptionFacets)
	return facets, nil
}

func (h *Handler) facetsWithout(
	ctx context.Context, query *catalogv1.ListProductsRequest, remove func(*catalogv1.ListProductsRequest),
) (*catalogv1.GetVariantFacetsResponse, error) {
	counted, err := h.countWithout(ctx, query, remove)
	if err != nil {
		return nil, err
	}
	return h.facetsOf(ctx, counted)
}

func (h *Handler) facetsOf(ctx context.Context, counted *stockCount) (*catalogv1.GetVariantFacetsResponse, error) {
	return h.Catalog.GetVariantFacets(ctx, &catalogv1.GetVariantFacetsRequest{Skus: counted.skus[:min(len(counted.skus), facetSKUs)]})
}

// mostCommon sorts options by the products that they count, and leaves out the rarest if there are many.
func mostCommon(options []*catalogv1.Facet) []*catalogv1.Facet {
	counted := func(f *catalogv1.Facet) (n int64) {
		for _, v := range f.GetValues() {
			n += v.GetCount()
		}
		return n
	}
	slices.SortFunc(options, func(a, b *catalogv1.Facet) int {
		return cmp.Or(cmp.Compare(counted(b), counted(a)), cmp.Compare(a.GetField(), b.GetField()))
	})
	return options[:min(len(options), facetOptions)]
}
