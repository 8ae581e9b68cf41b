package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

func TestAllFieldsOfANewProductReachCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.ProductInput
	on(s, catalogv1.CatalogService_CreateProduct_FullMethodName,
		func(ctx context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
			if caller := access.FromContext(ctx); !caller.Staff() || caller.Service != "gateway" {
				t.Errorf("called by %+v", caller)
			}
			asked = req.GetProduct()
			return &catalogv1.CreateProductResponse{Product: mug()}, nil
		})
	r := s.send(t, staff, "POST", "/v1/products", `{
		"slug": "mug", "title": "Mug", "description": "For tea", "brand": "Potter", "category": "Kitchen", "tags": ["a", "b"],
		"images": [{"url": "https://example.com/1.jpg", "alt": "One"}, {"url": "https://example.com/2.jpg"}],
		"variants": [{"sku": "MUG-S", "title": "Small", "options": {"Size": "S", "Color": "Blue"}, "price": {"amount": 1250, "currency": "GBP"}, "weight_grams": 300},
			{"sku": "MUG-L", "price": {"amount": 0, "currency": "GBP"}}]}`)
	r.mustBe(t, 201, "")
	if r.header.Get("Location") != "/v1/products/p1" || r.header.Get("ETag") == "" {
		t.Errorf("header %v", r.header)
	}
	want := `slug:"mug" title:"Mug" description:"For tea" brand:"Potter" category:"Kitchen" tags:"a" tags:"b"`
	if asked.GetSlug() != "mug" || asked.GetTitle() != "Mug" || asked.GetDescription() != "For tea" || asked.GetBrand() != "Potter" ||
		asked.GetCategory() != "Kitchen" || len(asked.GetTags()) != 2 || len(asked.GetImages()) != 2 || asked.GetImages()[0].GetAlt() != "One" {
		t.Errorf("asked %v, want %s", asked, want)
	}
	small, large := asked.GetVariants()[0], asked.GetVariants()[1]
	if small.GetSku() != "MUG-S" || small.GetTitle() != "Small" || small.GetPrice().GetAmount() != 1250 || small.GetPrice().GetCurrency() != "GBP" ||
		small.GetWeightGrams() != 300 || len(small.GetOptions()) != 2 || small.GetOptions()[0].GetName() != "Color" || small.GetOptions()[1].GetValue() != "S" {
		t.Errorf("asked %v", small)
	}
	if large.GetSku() != "MUG-L" || large.GetPrice().GetAmount() != 0 || large.GetWeightGrams() != 0 || len(large.GetOptions()) != 0 {
		t.Errorf("asked %v", large)
	}
}

func TestAPatchChangesOnlyTheFieldsItNames(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		return &catalogv1.UpdateProductResponse{Product: mug()}, nil
	})
	patch := func(body string) *catalogv1.UpdateProductRequest {
		t.Helper()
		s.send(t, staff, "PATCH", "/v1/products/p1", body, "If-Match", "*").mustBe(t, 200, "")
		return asked
	}
	got := patch(`{"description": ""}`)
	if got.Description == nil || got.GetDescription() != "" || got.Title != nil || got.Brand != nil || got.Category != nil ||
		got.GetTags() != nil || got.GetImages() != nil || got.GetVariants() != nil {
		t.Errorf("asked %v", got)
	}
	got = patch(`{"tags": [], "images": []}`)
	if got.GetTags() == nil || len(got.GetTags().GetTags()) != 0 || got.GetImages() == nil || got.GetVariants() != nil || got.VariantChanges != nil || got.Description != nil {
		t.Errorf("asked %v", got)
	}
	got = patch(`{"title": "T", "brand": "B", "category": "C", "tags": ["t"], "images": [{"url": "u"}],
		"variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}}]}`)
	if got.GetTitle() != "T" || got.GetBrand() != "B" || got.GetCategory() != "C" || got.GetTags().GetTags()[0] != "t" ||
		got.GetImages().GetImages()[0].GetUrl() != "u" || got.GetVariantChanges().GetChanges()[0].GetSku() != "S" {
		t.Errorf("asked %v", got)
	}
}

func TestAProductIsWithdrawn(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, catalogv1.CatalogService_WithdrawProduct_FullMethodName,
		func(_ context.Context, req *catalogv1.WithdrawProductRequest) (*catalogv1.WithdrawProductResponse, error) {
			if req.GetId() != "p1" {
				return nil, rpc.Error(codes.NotFound, catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND, "product not found")
			}
			return &catalogv1.WithdrawProductResponse{}, nil
		})
	if r := s.send(t, staff, "DELETE", "/v1/products/p1", nil); r.status != 204 || len(r.body) != 0 {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	s.send(t, staff, "DELETE", "/v1/products/p2", nil).refused(t, 404, "not_found")
}

func TestErrorsOfCatalogNameTheField(t *testing.T) {
	t.Parallel()
	s := open(t)
	for reason, field := range map[rpc.ErrorReason]string{
		catalogv1.ErrorReason_ERROR_REASON_SLUG_TAKEN: "slug", catalogv1.ErrorReason_ERROR_REASON_SKU_TAKEN: "variants",
	} {
		s.fail(catalogv1.CatalogService_CreateProduct_FullMethodName, rpc.Error(codes.AlreadyExists, reason, "is taken"))
		p := s.send(t, staff, "POST", "/v1/products", `{"title": "T", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}}]}`).
			refused(t, 422, "validation_failed")
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s names %v", reason, p.Errors)
		}
	}
}

func TestStaffReadTheLevelOfASKU(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1), plain(2))
	stock(s, map[string]int64{"SKU-0001": 4, "GONE": 2})
	s.send(t, staff, "GET", "/v1/inventory/SKU-0001", nil).mustBe(t, 200, `{"sku": "SKU-0001", "on_hand": 5, "reserved": 1, "available": 4}`)
	// A SKU on sale that was never stocked has a level of zero. A withdrawn SKU keeps its stock.
	s.send(t, staff, "GET", "/v1/inventory/SKU-0002", nil).mustBe(t, 200, `{"sku": "SKU-0002", "on_hand": 0, "reserved": 0, "available": 0}`)
	s.send(t, staff, "GET", "/v1/inventory/GONE", nil).mustBe(t, 200, `{"sku": "GONE", "on_hand": 3, "reserved": 1, "available": 2}`)
	s.send(t, staff, "GET", "/v1/inventory/NOTHING", nil).refused(t, 404, "not_found")
	s.fail(getLevels, status.Error(codes.Unavailable, "away"))
	s.send(t, staff, "GET", "/v1/inventory/SKU-0001", nil).refused(t, 503, "unavailable")
}

func TestStaffAdjustTheStockOfSoldAndWithdrawnSKUs(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	stock(s, map[string]int64{"GONE": 2})
	on(s, adjustStock, func(_ context.Context, req *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
		if req.GetDelta() != -3 || req.GetReason() != "broken" {
			t.Errorf("asked %v", req)
		}
		return &inventoryv1.AdjustStockResponse{Level: &inventoryv1.Level{Sku: req.GetSku(), OnHand: 7, Reserved: 2, Available: 5}}, nil
	})
	s.send(t, staff, "POST", "/v1/inventory/SKU-0001/adjustments", `{"delta": -3, "reason": "broken"}`).
		mustBe(t, 201, `{"sku": "SKU-0001", "on_hand": 7, "reserved": 2, "available": 5}`)
	s.send(t, staff, "POST", "/v1/inventory/GONE/adjustments", `{"delta": -3, "reason": "broken"}`).
		mustBe(t, 201, `{"sku": "GONE", "on_hand": 7, "reserved": 2, "available": 5}`)
	s.send(t, staff, "POST", "/v1/inventory/NOTHING/adjustments", `{"delta": -3, "reason": "broken"}`).refused(t, 404, "not_found")
	s.fail(adjustStock, rpc.Error(codes.FailedPrecondition, inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK, "only 2 are free"))
	p := s.send(t, staff, "POST", "/v1/inventory/SKU-0001/adjustments", `{"delta": -3, "reason": "broken"}`).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "delta" {
		t.Errorf("names %v", p.Errors)
	}
}
