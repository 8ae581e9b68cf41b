package handler

import (
	"context"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

const defaultLimit = 20

var sorts = map[api.ListProductsParamsSort]catalogv1.Sort{
	"relevance":  catalogv1.Sort_SORT_RELEVANCE,
	"newest":     catalogv1.Sort_SORT_NEWEST,
	"price_asc":  catalogv1.Sort_SORT_PRICE_ASC,
	"price_desc": catalogv1.Sort_SORT_PRICE_DESC,
	"title":      catalogv1.Sort_SORT_TITLE,
}

// ListProducts lists, searches and filters products.
func (h *Handler) ListProducts(ctx context.Context, req api.ListProductsRequestObject) (api.ListProductsResponseObject, error) {
	p := req.Params
	query := &catalogv1.ListProductsRequest{
		Query: value(p.Q), Ids: idsOf(p.Ids), Options: optionFilters(ctx), Total: value(p.Total),
		MinPrice: p.MinPrice, MaxPrice: p.MaxPrice, Sort: sorts[value(p.Sort)],
		Limit: value(p.Limit), Cursor: value(p.Cursor), Facets: value(p.Facets),
	}
	query.Category, query.OtherCategories = alternatives(p.Category)
	query.Brand, query.OtherBrands = alternatives(p.Brand)
	if query.GetLimit() == 0 {
		query.Limit = defaultLimit
	}
	if value(p.InStock) {
		return h.listInStock(ctx, query)
	}
	page, err := h.Catalog.ListProducts(ctx, query)
	if err != nil {
		return nil, err
	}
	list := api.ProductList{Items: h.productViews(ctx, productsOf(page)), Facets: facetViews(page, query.GetFacets())}
	if query.GetFacets() {
		list.OptionFacets, list.PriceRanges = optionFacetViews(page), priceRangeViews(page)
	}
	list.Total, list.TotalExact = totalViews(page.GetTotal())
	if listed := page.GetProducts(); page.GetMore() && len(listed) > 0 {
		list.NextCursor = optional(listed[len(listed)-1].GetCursor())
	}
	return api.ListProducts200JSONResponse{Body: list}, nil
}

func productsOf(page *catalogv1.ListProductsResponse) []*catalogv1.Product {
	return views(page.GetProducts(), (*catalogv1.ListedProduct).GetProduct)
}

// GetProduct returns one product. Pages.Keep answers 304 if the client has the current version.
func (h *Handler) GetProduct(ctx context.Context, req api.GetProductRequestObject) (api.GetProductResponseObject, error) {
	answer, err := h.Catalog.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: req.Id})
	if err != nil {
		return nil, err
	}
	view := h.productView(ctx, answer.GetProduct())
	tag := entityTag(answer.GetProduct().GetVersion(), view)
	return api.GetProduct200JSONResponse{Body: view, Headers: api.GetProduct200ResponseHeaders{ETag: tag}}, nil
}

// CreateProduct adds a product. The answer is made only from what catalog stores for the key, so that it has the same bytes
// whenever the same key is sent again. Inventory is not asked, so the availability is unknown.
func (h *Handler) CreateProduct(ctx context.Context, req api.CreateProductRequestObject) (api.CreateProductResponseObject, error) {
	b := req.Body
	answer, err := h.Catalog.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.ProductInput{
		Slug: value(b.Slug), Title: b.Title, Description: value(b.Description), Brand: value(b.Brand),
		Category: value(b.Category), Tags: value(b.Tags), Images: views(value(b.Images), imageProto),
		Variants: views(b.Variants, variantProto), Status: productStatusProto(b.Status), PublishAt: timeProto(b.PublishAt), Seo: seoProto(b.Seo),
	}})
	if err != nil {
		return nil, err
	}
	view := productView(answer.GetProduct(), nil)
	tag, location := entityTag(answer.GetProduct().GetVersion(), view), "/v1/products/"+view.Id
	return api.CreateProduct201JSONResponse{Body: view, Headers: api.CreateProduct201ResponseHeaders{ETag: tag, Location: location}}, nil
}

// UpdateProduct changes a product if the client knows its current version.
func (h *Handler) UpdateProduct(ctx context.Context, req api.UpdateProductRequestObject) (api.UpdateProductResponseObject, error) {
	version, err := h.versionToChange(ctx, req.Id, req.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	b := req.Body
	update := &catalogv1.UpdateProductRequest{
		Id: req.Id, Version: version, Title: b.Title, Description: b.Description, Brand: b.Brand, Category: b.Category,
		Status: productStatusProto(b.Status), PublishAt: timeProto(b.PublishAt),
	}
	if b.Tags != nil {
		update.Tags = &catalogv1.TagList{Tags: *b.Tags}
	}
	if b.Images != nil {
		update.Images = &catalogv1.ImageList{Images: views(*b.Images, imageProto)}
	}
	if b.Variants != nil {
		// A catalog of the version before refuses the empty list, and does not leave the changes out.
		update.Variants = &catalogv1.VariantList{}
		update.VariantChanges = &catalogv1.VariantChangeList{Changes: views(*b.Variants, variantChangeProto)}
	}
	if b.Seo != nil {
		update.Seo = &catalogv1.SeoChange{Title: b.Seo.Title, Description: b.Seo.Description}
	}
	answer, err := h.Catalog.UpdateProduct(ctx, update)
	if err != nil {
		return nil, err
	}
	view := h.productView(ctx, answer.GetProduct())
	tag := entityTag(answer.GetProduct().GetVersion(), view)
	return api.UpdateProduct200JSONResponse{Body: view, Headers: api.UpdateProduct200ResponseHeaders{ETag: tag}}, nil
}

// WithdrawProduct takes a product off sale.
func (h *Handler) WithdrawProduct(ctx context.Context, req api.WithdrawProductRequestObject) (api.WithdrawProductResponseObject, error) {
	if _, err := h.Catalog.WithdrawProduct(ctx, &catalogv1.WithdrawProductRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.WithdrawProduct204Response{}, nil
}

// ListCategories returns the categories.
func (h *Handler) ListCategories(ctx context.Context, _ api.ListCategoriesRequestObject) (api.ListCategoriesResponseObject, error) {
	answer, err := h.Catalog.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err != nil {
		return nil, err
	}
	tree := answer.GetTree()
	if len(tree) == 0 { // from a catalog of the version before
		tree = answer.GetCategories()
	}
	list := api.CategoryList{Items: views(tree, categoryView)}
	return api.ListCategories200JSONResponse{Body: list}, nil
}
