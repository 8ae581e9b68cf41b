package handler_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"
)

// mug returns a product with every field set.
func mug() *catalogv1.Product {
	return &catalogv1.Product{
		Id: "p1", Slug: "mug", Title: "Mug", Description: "For tea & coffee", Brand: "Potter", Category: "Kitchen", Tags: []string{"tea"},
		Images:   []*catalogv1.Image{{Url: "https://example.com/mug.jpg", Alt: "A mug"}},
		MinPrice: gbp(1250), MaxPrice: gbp(1500), Version: 7,
		Variants: []*catalogv1.Variant{
			{Sku: "MUG-S", Title: "Small", Price: gbp(1250), WeightGrams: 300, Options: []*catalogv1.Option{{Name: "Size", Value: "S"}}},
			{Sku: "MUG-L", Title: "Large", Price: gbp(1500), WeightGrams: 450, Options: []*catalogv1.Option{{Name: "Size", Value: "L"}}},
		},
	}
}

// plain returns a product with one variant.
func plain(n int) *catalogv1.Product {
	id := fmt.Sprintf("%04d", n)
	return &catalogv1.Product{
		Id: id, Slug: "product-" + id, Title: "Product " + id, MinPrice: gbp(100), MaxPrice: gbp(100), Version: 1,
		Variants: []*catalogv1.Variant{{Sku: "SKU-" + id, Price: gbp(100), WeightGrams: 10}},
	}
}

// sell makes catalog return these products, in this order. A product's cursor is its ID.
func sell(s *shop, products ...*catalogv1.Product) {
	on(s, catalogv1.CatalogService_ListProducts_FullMethodName,
		func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
			from := 0
			if req.GetCursor() != "" {
				from = slices.IndexFunc(products, func(p *catalogv1.Product) bool { return p.GetId() == req.GetCursor() }) + 1
				if from == 0 {
					return nil, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "the cursor is not one of this list")
				}
			}
			to := min(from+int(req.GetLimit()), len(products))
			page := &catalogv1.ListProductsResponse{More: to < len(products)}
			for _, p := range products[from:to] {
				page.Products = append(page.Products, &catalogv1.ListedProduct{Product: p, Cursor: p.GetId()})
			}
			if req.GetFacets() {
				page.Facets = []*catalogv1.Facet{{Field: "category", Values: []*catalogv1.FacetValue{
					{Value: "kitchen", Name: "Kitchen", Count: 3}, {Value: "bath", Count: 1},
				}}}
			}
			return page, nil
		})
	on(s, getVariantFacets, returns[*catalogv1.GetVariantFacetsRequest](&catalogv1.GetVariantFacetsResponse{}))
	on(s, catalogv1.CatalogService_GetProduct_FullMethodName,
		func(_ context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
			for _, p := range products {
				if p.GetId() == req.GetIdOrSlug() || p.GetSlug() == req.GetIdOrSlug() {
					return &catalogv1.GetProductResponse{Product: p}, nil
				}
			}
			return nil, rpc.Error(codes.NotFound, catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND, "product not found")
		})
	on(s, getAnyProduct, func(_ context.Context, req *catalogv1.GetAnyProductRequest) (*catalogv1.GetAnyProductResponse, error) {
		for _, p := range products {
			if p.GetId() == req.GetId() {
				return &catalogv1.GetAnyProductResponse{Product: p}, nil
			}
		}
		return nil, rpc.Error(codes.NotFound, catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND, "product not found")
	})
	on(s, catalogv1.CatalogService_GetVariants_FullMethodName,
		func(_ context.Context, req *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, error) {
			answer := &catalogv1.GetVariantsResponse{}
			for _, p := range products {
				for _, v := range p.GetVariants() {
					if slices.Contains(req.GetSkus(), v.GetSku()) {
						answer.Variants = append(answer.Variants, soldVariant(p, v))
					}
				}
			}
			return answer, nil
		})
}

func soldVariant(p *catalogv1.Product, v *catalogv1.Variant) *catalogv1.SoldVariant {
	sold := &catalogv1.SoldVariant{Variant: v, ProductId: p.GetId(), ProductTitle: p.GetTitle(), ProductSlug: p.GetSlug()}
	if images := p.GetImages(); len(images) > 0 {
		sold.Image = images[0]
	}
	return sold
}

// stock makes inventory return these levels by SKU.
func stock(s *shop, available map[string]int64) {
	on(s, inventoryv1.InventoryService_GetLevels_FullMethodName,
		func(_ context.Context, req *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
			answer := &inventoryv1.GetLevelsResponse{}
			for _, sku := range req.GetSkus() {
				if n, ok := available[sku]; ok {
					answer.Levels = append(answer.Levels, &inventoryv1.Level{Sku: sku, OnHand: n + 1, Reserved: 1, Available: n})
				}
			}
			return answer, nil
		})
}

type productView struct {
	ID       string `json:"id"`
	Variants []struct {
		SKU          string `json:"sku"`
		Availability string `json:"availability"`
	} `json:"variants"`
}

type listView struct {
	Items      []productView `json:"items"`
	NextCursor *string       `json:"next_cursor"`
}

// list requests a list of products and decodes the page.
func (s *shop) list(t *testing.T, query string) listView {
	t.Helper()
	var page listView
	r := s.send(t, guest, "GET", "/v1/products?"+query, nil)
	r.mustBe(t, 200, "")
	r.into(t, &page)
	return page
}
