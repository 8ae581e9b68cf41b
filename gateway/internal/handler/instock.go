package handler

import (
	"cmp"
	"context"
	"maps"
	"slices"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

const (
	// The maximum number of catalog pages that a list of products in stock reads.
	maxStockPages = 10
	stockPage     = 100
	// The maximum number of values of a facet, as in catalog.
	facetValues = 50
)

// listInStock reads pages of the catalog and leaves out products that inventory does not have, because catalog does not know
// the stock.
func (h *Handler) listInStock(ctx context.Context, query *catalogv1.ListProductsRequest) (api.ListProductsResponseObject, error) {
	limit, facets, total := int(query.GetLimit()), query.GetFacets(), query.GetTotal()
	query.Facets, query.Total = false, false
	query.Limit = h.soldOut.pageFor(query.GetLimit())
	list := api.ProductList{Items: []api.Product{}}
	next, err := h.eachInStock(ctx, query, func(p *catalogv1.Product, levels levels, _ []string) bool {
		list.Items = append(list.Items, productView(p, levels))
		return len(list.Items) < limit
	})
	if err != nil {
		return nil, err
	}
	list.NextCursor = optional(next)
	if facets || total {
		counted, err := h.countInStock(ctx, query)
		if err != nil {
			return nil, err
		}
		if facets {
			if err := h.addStockFacets(ctx, &list, query, counted); err != nil {
				return nil, err
			}
		}
		if total {
			list.Total, list.TotalExact = totalViews(counted.total)
		}
	}
	return api.ListProducts200JSONResponse{Body: list}, nil
}

// eachInStock calls show for the products of a query that are in stock, with the SKUs of the variants that match and are, starting at the
// query's cursor, until show returns false or maxStockPages pages have been read. The first page has the query's limit, and each of the next ones twice as many.
// It returns the cursor of the rest, or "" if there is none.
func (h *Handler) eachInStock(
	ctx context.Context, query *catalogv1.ListProductsRequest, show func(*catalogv1.Product, levels, []string) bool,
) (next string, err error) {
	for range maxStockPages {
		page, err := h.Catalog.ListProducts(ctx, query)
		if err != nil {
			return "", err
		}
		query.Limit = min(2*query.GetLimit(), stockPage)
		products := productsOf(page)
		levels := h.levelsOf(ctx, products)
		available := views(page.GetProducts(), func(l *catalogv1.ListedProduct) []string { return availableSKUs(l, levels) })
		if levels != nil {
			h.soldOut.note(views(available, func(skus []string) bool { return len(skus) == 0 }))
		}
		for i, p := range products {
			query.Cursor = page.GetProducts()[i].GetCursor()
			if len(available[i]) == 0 || show(p, levels, available[i]) {
				continue
			}
			if page.GetMore() || i < len(products)-1 {
				return query.GetCursor(), nil
			}
			return "", nil
		}
		if !page.GetMore() {
			return "", nil
		}
	}
	return query.GetCursor(), nil
}

// availableSKUs returns the variants of a product that match a query and are in stock or might be.
func availableSKUs(listed *catalogv1.ListedProduct, levels levels) (skus []string) {
	matching := listed.GetMatchingSkus()
	for _, v := range listed.GetProduct().GetVariants() {
		// A query without a filter by options or prices matches all.
		if (len(matching) == 0 || slices.Contains(matching, v.GetSku())) && levels.available(v) {
			skus = append(skus, v.GetSku())
		}
	}
	return skus
}

// tally counts products by a value, such as their brand.
type tally map[string]api.FacetValue

// count counts a product, unless value is empty.
func (t tally) count(value, name string) {
	if value == "" {
		return
	}
	counted, known := t[value]
	if !known || name < counted.Name {
		counted.Name = name
	}
	counted.Value = value
	counted.Count++
	t[value] = counted
}

// values returns the most frequent values first.
func (t tally) values() []api.FacetValue {
	sorted := slices.SortedFunc(maps.Values(t), func(a, b api.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return append([]api.FacetValue{}, sorted[:min(len(sorted), facetValues)]...)
}
