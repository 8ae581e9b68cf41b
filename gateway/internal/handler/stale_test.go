package handler_test

import (
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	"souk/testkit/scrape"
)

const listCategories = catalogv1.CatalogService_ListCategories_FullMethodName

// degraded returns the number of answers with a degraded part, in all tests so far.
func degraded(t *testing.T, part string) int {
	t.Helper()
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	return int(metrics.Sum("souk_degraded_answers_total", "part", part))
}

// mustBeStale checks whether an answer is marked as old.
func (r reply) mustBeStale(t *testing.T, stale bool) {
	t.Helper()
	age, err := strconv.Atoi(r.header.Get("Age"))
	switch warning := r.header.Get("Warning"); {
	case stale && (warning != `110 - "Response is Stale"` || err != nil || age < 0 || age > 60):
		t.Errorf("Warning %q, Age %q", warning, r.header.Get("Age"))
	case stale && r.header.Get("Cache-Control") != "no-cache" && r.header.Get("Cache-Control") != "no-store":
		t.Errorf("Cache-Control %q", r.header.Get("Cache-Control"))
	case !stale && (warning != "" || r.header.Get("Age") != ""):
		t.Errorf("a new answer has Warning %q, Age %q", warning, r.header.Get("Age"))
	}
}

func TestPagesAreTheLastKnownGoodWhileCatalogFails(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted, codes.Unknown} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			sell(s, mug(), plain(1))
			stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 5, "SKU-0001": 9})
			on(s, listCategories, returns[*catalogv1.ListCategoriesRequest](
				&catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{{Slug: "kitchen", Name: "Kitchen", ProductCount: 3}}}))
			cart(s, line("MUG-S", 2), line("GONE", 1))
			parts := map[string]string{
				"/v1/products/mug": "product", "/v1/products/p1": "product", "/v1/products": "products",
				"/v1/products?q=mug&facets=true&limit=1": "products", "/v1/products?in_stock=true": "products",
				"/v1/categories": "categories", "/v1/carts/c1": "variants",
			}
			good := map[string]reply{}
			for path := range parts {
				good[path] = s.send(t, guest, "GET", path, nil)
				good[path].mustBe(t, 200, "")
				good[path].mustBeStale(t, false)
			}
			s.failAll("CatalogService", status.Error(code, "unwell"))
			for path, part := range parts {
				before := degraded(t, part)
				r := s.send(t, guest, "GET", path, nil)
				r.mustBe(t, 200, string(good[path].body))
				r.mustBeStale(t, true)
				if r.header.Get("ETag") != good[path].header.Get("ETag") || degraded(t, part) <= before {
					t.Errorf("%s: ETag %q, %d counted", path, r.header.Get("ETag"), degraded(t, part)-before)
				}
			}
			tag := good["/v1/products/mug"].header.Get("ETag")
			r := s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", tag)
			r.mustBe(t, 304, "")
			r.mustBeStale(t, true)
			if r := s.send(t, guest, "GET", "/v1/products/other", nil); r.status < 500 {
				t.Errorf("a page that was never shown is answered %d", r.status)
			}
		})
	}
}

func TestAnAnswerOfCatalogReplacesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, nil)
	s.send(t, guest, "GET", "/v1/products/mug", nil).mustBe(t, 200, "")
	sell(s)
	s.send(t, guest, "GET", "/v1/products/mug", nil).refused(t, 404, "not_found")
	s.failAll("CatalogService", status.Error(codes.Unavailable, "away"))
	r := s.send(t, guest, "GET", "/v1/products/mug", nil)
	r.refused(t, 503, "unavailable")
	r.mustBeStale(t, false)
}

func TestChangesByStaffInvalidateTheLastGoodAnswer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, s *shop){
		"changed": func(t *testing.T, s *shop) {
			on(s, updateProduct, returns[*catalogv1.UpdateProductRequest](&catalogv1.UpdateProductResponse{Product: mug()}))
			s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", "*").mustBe(t, 200, "")
		},
		"withdrawn": func(t *testing.T, s *shop) {
			on(s, catalogv1.CatalogService_WithdrawProduct_FullMethodName,
				returns[*catalogv1.WithdrawProductRequest](&catalogv1.WithdrawProductResponse{}))
			s.send(t, staff, "DELETE", "/v1/products/p1", nil).mustBe(t, 204, "")
		},
		"perhaps changed": func(t *testing.T, s *shop) {
			s.fail(updateProduct, status.Error(codes.Unavailable, "away"))
			s.send(t, staff, "PATCH", "/v1/products/p1", `{"title": "Cup"}`, "If-Match", "*").refused(t, 503, "unavailable")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			sell(s, mug(), plain(1))
			stock(s, nil)
			for _, path := range []string{"/v1/products/mug", "/v1/products/0001", "/v1/products"} {
				s.send(t, guest, "GET", path, nil).mustBe(t, 200, "")
			}
			change(t, s)
			s.failAll("CatalogService", status.Error(codes.Unavailable, "away"))
			s.send(t, guest, "GET", "/v1/products/mug", nil).refused(t, 503, "unavailable")
			s.send(t, guest, "GET", "/v1/products", nil).refused(t, 503, "unavailable")
			s.send(t, guest, "GET", "/v1/products/0001", nil).mustBeStale(t, true)
		})
	}
}

func TestACartIsShownWhileCatalogIsDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug(), plain(1))
	stock(s, map[string]int64{"MUG-S": 6})
	cart(s, line("MUG-S", 2))
	want := s.send(t, guest, "GET", "/v1/carts/c1", nil)
	want.mustBe(t, 200, "")
	on(s, cartsv1.CartsService_RemoveItem_FullMethodName, returns[*cartsv1.RemoveItemRequest](
		&cartsv1.RemoveItemResponse{Cart: &cartsv1.Cart{Id: "c1", Lines: []*cartsv1.Line{line("MUG-S", 2)}}}))
	s.failAll("CatalogService", status.Error(codes.Unavailable, "away"))
	for _, r := range []reply{
		s.send(t, guest, "GET", "/v1/carts/c1", nil),
		s.send(t, customer, "POST", "/v1/carts/c1/claim", nil),
		s.send(t, guest, "DELETE", "/v1/carts/c1/items/SKU-0001", nil),
	} {
		r.mustBe(t, 200, string(want.body))
		r.mustBeStale(t, true)
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("a cart is Cache-Control %q", r.header.Get("Cache-Control"))
		}
	}
	cart(s, line("MUG-S", 2), line("SKU-0001", 1))
	r := s.send(t, guest, "GET", "/v1/carts/c1", nil)
	r.refused(t, 503, "unavailable")
	r.mustBeStale(t, false)
}

func TestOperationsThatDecideNeverUseOldAnswers(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, nil)
	cart(s, line("MUG-S", 2))
	for _, path := range []string{"/v1/carts/c1", "/v1/inventory/MUG-S"} {
		s.send(t, staff, "GET", path, nil).mustBe(t, 200, "")
	}
	s.failAll("CatalogService", status.Error(codes.Unavailable, "away"))
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBeStale(t, true)
	s.send(t, guest, "POST", "/v1/shipping-quotes", `{"cart_id": "c1", "address": {"country": "GB", "postal_code": "LS1 6DT"}}`).
		refused(t, 503, "unavailable")
	s.send(t, guest, "PUT", "/v1/carts/c1/items/MUG-S", `{"quantity": 1}`).refused(t, 503, "unavailable")
	s.send(t, staff, "GET", "/v1/inventory/MUG-S", nil).refused(t, 503, "unavailable")
	s.send(t, staff, "POST", "/v1/inventory/MUG-S/adjustments", `{"delta": 1, "reason": "found"}`).refused(t, 503, "unavailable")
}
