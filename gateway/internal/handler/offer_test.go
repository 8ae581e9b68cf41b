package handler_test

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

// offered returns a mug whose first variant has everything.
func offered() *catalogv1.Product {
	p := mug()
	p.Seo = &catalogv1.Seo{Title: "A mug", Description: "For tea"}
	p.Variants[0].CompareAtPrice, p.Variants[0].LowestPrice, p.Variants[0].Barcode = gbp(1600), gbp(1300), new("4006381333931")
	p.Variants[0].Image = &catalogv1.Image{Url: "https://example.com/small.jpg", Alt: "A small mug", Width: 640, Height: 480}
	return p
}

const offeredJSON = `{"id": "p1", "slug": "mug", "status": "active", "title": "Mug", "description": "For tea & coffee", "brand": "Potter", "category": "Kitchen",
	"tags": ["tea"], "images": [{"url": "https://example.com/mug.jpg", "alt": "A mug"}], "updated_at": "1970-01-01T00:00:00Z",
	"price": {"min": {"amount": 1250, "currency": "GBP"}, "max": {"amount": 1500, "currency": "GBP"}},
	"seo": {"title": "A mug", "description": "For tea"},
	"variants": [
		{"sku": "MUG-S", "title": "Small", "options": {"Size": "S"}, "price": {"amount": 1250, "currency": "GBP"}, "weight_grams": 300,
			"availability": "out_of_stock", "inventory": {"tracked": true, "policy": "deny"},
			"compare_at_price": {"amount": 1600, "currency": "GBP"}, "lowest_price_30_days": {"amount": 1300, "currency": "GBP"},
			"barcode": "4006381333931", "image": {"url": "https://example.com/small.jpg", "alt": "A small mug", "width": 640, "height": 480}},
		{"sku": "MUG-L", "title": "Large", "options": {"Size": "L"}, "price": {"amount": 1500, "currency": "GBP"}, "weight_grams": 450,
			"availability": "out_of_stock", "inventory": {"tracked": true, "policy": "deny"}}]}`

func TestOffersAreShownOnPagesAndInLists(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, offered())
	stock(s, nil)
	s.send(t, guest, "GET", "/v1/products/p1", nil).mustBe(t, 200, offeredJSON)
	s.send(t, guest, "GET", "/v1/products", nil).mustBe(t, 200, `{"items": [`+offeredJSON+`]}`)
}

func TestAnOfferReachesCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.ProductInput
	on(s, catalogv1.CatalogService_CreateProduct_FullMethodName,
		func(_ context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
			asked = req.GetProduct()
			return &catalogv1.CreateProductResponse{Product: offered()}, nil
		})
	s.send(t, staff, "POST", "/v1/products", `{"title": "Mug", "seo": {"title": "A mug", "description": "For tea"}, "variants": [
		{"sku": "MUG-S", "price": {"amount": 1250, "currency": "GBP"}, "compare_at_price": {"amount": 1600, "currency": "GBP"},
			"barcode": "4006381333931", "image": {"url": "https://example.com/small.jpg", "alt": "A small mug", "width": 640, "height": 480}},
		{"sku": "MUG-L", "price": {"amount": 1500, "currency": "GBP"}}]}`).mustBe(t, 201, "")
	want := &catalogv1.ProductInput{Title: "Mug", Seo: offered().GetSeo(), Variants: []*catalogv1.Variant{
		{
			Sku: "MUG-S", Price: gbp(1250), CompareAtPrice: gbp(1600), Barcode: new("4006381333931"),
			Image: &catalogv1.Image{Url: "https://example.com/small.jpg", Alt: "A small mug", Width: 640, Height: 480},
		},
		{Sku: "MUG-L", Price: gbp(1500)},
	}}
	if !proto.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	lowest := `{"title": "Mug", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}, "lowest_price_30_days": {"amount": 1, "currency": "GBP"}}]}`
	s.send(t, staff, "POST", "/v1/products", lowest).refused(t, 400, "invalid_request")
}

func TestAPatchChangesOnlyTheSearchTextsItNames(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		return &catalogv1.UpdateProductResponse{Product: mug()}, nil
	})
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"seo": {"description": ""}}`, "If-Match", "*").mustBe(t, 200, "")
	if seo := asked.GetSeo(); seo == nil || seo.Title != nil || seo.Description == nil || asked.Title != nil {
		t.Errorf("asked %v", asked)
	}
}
