package handler_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"
)

const (
	getAnyProduct   = catalogv1.CatalogService_GetAnyProduct_FullMethodName
	listAllProducts = catalogv1.CatalogService_ListAllProducts_FullMethodName
	restoreProduct  = catalogv1.CatalogService_RestoreProduct_FullMethodName
)

// planned returns a product that is scheduled.
func planned() *catalogv1.Product {
	p := plain(1)
	p.Status, p.PublishAt = catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED, timestamppb.New(time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC))
	return p
}

type deskView struct {
	ID        string  `json:"id"`
	Status    string  `json:"status"`
	PublishAt *string `json:"publish_at"`
}

func TestStaffListProductsOfEveryStatus(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.ListAllProductsRequest
	on(s, listAllProducts, func(_ context.Context, req *catalogv1.ListAllProductsRequest) (*catalogv1.ListAllProductsResponse, error) {
		asked = req
		old := plain(2) // of a version that knows no statuses
		return &catalogv1.ListAllProductsResponse{Products: []*catalogv1.Product{planned(), old}, NextCursor: "next"}, nil
	})
	r := s.send(t, staff, "GET", "/v1/admin/products?q=mug&status=scheduled&limit=2&cursor=c", nil)
	r.mustBe(t, 200, "")
	var page struct {
		Items      []deskView
		NextCursor string `json:"next_cursor"`
	}
	r.into(t, &page)
	if asked.GetQuery() != "mug" || asked.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED || asked.GetLimit() != 2 || asked.GetCursor() != "c" {
		t.Errorf("asked %v", asked)
	}
	if len(page.Items) != 2 || page.NextCursor != "next" || page.Items[0].Status != "scheduled" || page.Items[1].Status != "active" ||
		page.Items[0].PublishAt == nil || *page.Items[0].PublishAt != "2030-01-01T09:00:00Z" || page.Items[1].PublishAt != nil {
		t.Errorf("answered %s", r.body)
	}
	s.send(t, staff, "GET", "/v1/admin/products", nil).mustBe(t, 200, "")
	if asked.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED {
		t.Errorf("asked %v without a status", asked)
	}
	p := s.send(t, staff, "GET", "/v1/admin/products?status=hidden", nil).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "status" {
		t.Errorf("%+v", p.Errors)
	}
}

func TestStaffReadADraftAndChangeWhatTheyHaveRead(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	on(s, getAnyProduct, returns[*catalogv1.GetAnyProductRequest](&catalogv1.GetAnyProductResponse{Product: planned()}))
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		return &catalogv1.UpdateProductResponse{Product: planned()}, nil
	})
	tag := s.send(t, staff, "GET", "/v1/admin/products/0001", nil).header.Get("ETag")
	for _, match := range []string{tag, tag + `, "other"`} {
		asked = nil
		s.send(t, staff, "PATCH", "/v1/products/0001", `{"status": "scheduled", "publish_at": "2030-01-01T10:00:00+01:00"}`, "If-Match", match).mustBe(t, 200, "")
		if asked.GetVersion() != 1 || asked.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED || !asked.GetPublishAt().AsTime().Equal(planned().GetPublishAt().AsTime()) {
			t.Errorf("asked %v", asked)
		}
	}
	s.send(t, staff, "PATCH", "/v1/products/0001", `{"title": "T"}`, "If-Match", tag).mustBe(t, 200, "")
	if asked.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED || asked.PublishAt != nil {
		t.Errorf("asked %v for a status that was not named", asked)
	}
	for _, body := range []string{`{"status": "withdrawn"}`, `{"status": ""}`, `{"publish_at": "soon"}`} {
		s.send(t, staff, "PATCH", "/v1/products/0001", body, "If-Match", "*").refused(t, 422, "validation_failed")
	}
	gone := plain(1)
	gone.Status = catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN
	on(s, getAnyProduct, returns[*catalogv1.GetAnyProductRequest](&catalogv1.GetAnyProductResponse{Product: gone}))
	s.send(t, staff, "PATCH", "/v1/products/0001", `{"title": "T"}`, "If-Match", tag+`, "other"`).mustBe(t, 200, "")
	s.send(t, staff, "PATCH", "/v1/products/0001", `{"title": "T"}`, "If-Match", `"other"`).refused(t, 404, "not_found")
}

// A version of catalog before has no products but those on sale.
func TestAProductOfAnOlderCatalogIsChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, nil)
	s.fail(getAnyProduct, status.Error(codes.Unimplemented, "unknown method"))
	on(s, updateProduct, returns[*catalogv1.UpdateProductRequest](&catalogv1.UpdateProductResponse{Product: mug()}))
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "T"}`, "If-Match", `"p1.7.1", "p1.6.1"`).mustBe(t, 200, "")
	s.send(t, staff, "PATCH", "/v1/products/mug", `{"title": "T"}`, "If-Match", `"p1.7.1", "p1.6.1"`).refused(t, 404, "not_found")
}

func TestTheStatusOfANewProductReachesCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked []catalogv1.ProductStatus
	on(s, catalogv1.CatalogService_CreateProduct_FullMethodName,
		func(_ context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
			asked = append(asked, req.GetProduct().GetStatus())
			return &catalogv1.CreateProductResponse{Product: planned()}, nil
		})
	for _, body := range []string{``, `, "status": "active"`, `, "status": "draft"`, `, "status": "unlisted"`, `, "status": "scheduled", "publish_at": "2030-01-01T09:00:00Z"`} {
		r := s.send(t, staff, "POST", "/v1/products", `{"title": "T", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}}]`+body+`}`)
		r.mustBe(t, 201, "")
	}
	want := []catalogv1.ProductStatus{
		catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED, catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE, catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT,
		catalogv1.ProductStatus_PRODUCT_STATUS_UNLISTED, catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED,
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

func TestAProductIsRestored(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	on(s, restoreProduct, func(_ context.Context, req *catalogv1.RestoreProductRequest) (*catalogv1.RestoreProductResponse, error) {
		if req.GetId() != "0001" {
			return nil, rpc.Error(codes.NotFound, catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND, "product not found")
		}
		return &catalogv1.RestoreProductResponse{Product: plain(1)}, nil
	})
	r := s.send(t, staff, "POST", "/v1/admin/products/0001/restoration", nil)
	var got deskView
	if r.into(t, &got); r.status != 200 || got.Status != "active" || r.header.Get("ETag") == "" {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	s.send(t, staff, "POST", "/v1/admin/products/0002/restoration", nil).refused(t, 404, "not_found")
}

func TestTheStockOfADraftIsKnownButItIsNotSold(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	on(s, catalogv1.CatalogService_GetVariants_FullMethodName, func(_ context.Context, req *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, error) {
		if req.GetSkus()[0] != "DRAFT" {
			return &catalogv1.GetVariantsResponse{}, nil
		}
		return &catalogv1.GetVariantsResponse{Hidden: []*catalogv1.SoldVariant{{Variant: &catalogv1.Variant{Sku: "DRAFT"}, ProductTitle: "Secret"}}}, nil
	})
	on(s, adjustStock, returns[*inventoryv1.AdjustStockRequest](&inventoryv1.AdjustStockResponse{Level: &inventoryv1.Level{Sku: "DRAFT", OnHand: 5, Available: 5}}))
	s.send(t, staff, "GET", "/v1/inventory/DRAFT", nil).mustBe(t, 200, `{"sku": "DRAFT", "on_hand": 0, "reserved": 0, "available": 0}`)
	s.send(t, staff, "POST", "/v1/inventory/DRAFT/adjustments", `{"delta": 5, "reason": "delivery"}`).mustBe(t, 201, "")
	s.send(t, staff, "POST", "/v1/inventory/OTHER/adjustments", `{"delta": 5, "reason": "delivery"}`).refused(t, 404, "not_found")
	s.send(t, guest, "PUT", "/v1/carts/c1/items/DRAFT", `{"quantity": 1}`).refused(t, 404, "not_found")
	// The cart shows nothing of the draft.
	cart(s, line("DRAFT", 1))
	var view struct{ Lines []struct{ Title string } }
	s.send(t, guest, "GET", "/v1/carts/c1", nil).into(t, &view)
	if len(view.Lines) != 1 || view.Lines[0].Title != "DRAFT" {
		t.Errorf("the cart shows %+v", view)
	}
}
