package handler_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

// withRules returns the mug, whose small variant is not tracked and whose large one continues selling.
func withRules() *catalogv1.Product {
	product := mug()
	product.Variants[0].StockRule = &catalogv1.StockRule{Untracked: true}
	product.Variants[1].StockRule = &catalogv1.StockRule{ContinueSelling: true}
	return product
}

func TestVariantsThatAreSoldWithoutStockAreInStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, withRules())
	stock(s, map[string]int64{"MUG-L": -3})
	cart(s, line("MUG-S", 9), line("MUG-L", 9))
	check := func() {
		t.Helper()
		page := s.send(t, guest, "GET", "/v1/products/mug", nil)
		page.mustBe(t, 200, "")
		for _, want := range []string{
			`"availability":"in_stock","inventory":{"policy":"deny","tracked":false}`,
			`"availability":"in_stock","inventory":{"policy":"continue","tracked":true}`,
		} {
			if !strings.Contains(string(page.body), want) {
				t.Errorf("%s; want %s", page.body, want)
			}
		}
		lines := s.send(t, guest, "GET", "/v1/carts/c1", nil)
		lines.mustBe(t, 200, "")
		if got := string(lines.body); strings.Count(got, `"problems":[]`) != 2 || strings.Count(got, `"in_stock"`) != 2 {
			t.Errorf("cart %s", got)
		}
		if listed := s.list(t, "in_stock=true"); len(listed.Items) != 1 {
			t.Errorf("%d products in stock, want 1", len(listed.Items))
		}
	}
	check()
	s.fail(getLevels, status.Error(codes.Unavailable, "away"))
	check()
}

func TestTheStockRuleOfAVariantReachesCatalog(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*catalogv1.StockRule{
		``:                                  nil,
		`, "inventory": {}`:                 {},
		`, "inventory": {"tracked": false}`: {Untracked: true},
		`, "inventory": {"tracked": true}`:  {},
		`, "inventory": {"policy": "deny"}`: {},
		`, "inventory": {"tracked": true, "policy": "continue"}`: {ContinueSelling: true},
	} {
		s := open(t)
		var got *catalogv1.StockRule
		on(s, catalogv1.CatalogService_CreateProduct_FullMethodName,
			func(_ context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
				got = req.GetProduct().GetVariants()[0].GetStockRule()
				return &catalogv1.CreateProductResponse{Product: mug()}, nil
			})
		input := `{"title": "T", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}` + body + `}]}`
		s.send(t, staff, "POST", "/v1/products", input).mustBe(t, 201, "")
		if !proto.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
	open(t).send(t, staff, "POST", "/v1/products", `{"title": "T", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"},
		"inventory": {"policy": "sometimes"}}]}`).refused(t, 422, "validation_failed")
}
