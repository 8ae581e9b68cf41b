package journey

import (
	"net/http"
	"testing"

	"souk/e2e/shop"
)

type offered struct {
	SKU         string      `json:"sku"`
	Price       shop.Money  `json:"price"`
	CompareAt   *shop.Money `json:"compare_at_price"`
	LowestPrice *shop.Money `json:"lowest_price_30_days"`
}

func TestAReductionOfOneVariantLeavesTheOthersAndShowsTheLowestPrice(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 1000, 3)
	var page shop.Products
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products?q="+sku, nil, &page); err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	path, keeper := "/v1/products/"+page.Items[0].ID, staff(t)
	change := func(variant map[string]any) {
		t.Helper()
		body := map[string]any{"variants": []any{variant}}
		if err := keeper.Do(t.Context(), http.MethodPatch, path, body, nil, shop.Header{Name: "If-Match", Value: "*"}); err != nil {
			t.Fatal(err)
		}
	}
	change(map[string]any{"sku": sku + "-XL", "price": shop.Money{Amount: 2000, Currency: "GBP"}})
	change(map[string]any{"sku": sku, "price": shop.Money{Amount: 800, Currency: "GBP"}, "compare_at_price": shop.Money{Amount: 1500, Currency: "GBP"}})
	read := func() []offered {
		t.Helper()
		var product struct {
			Variants []offered `json:"variants"`
		}
		if err := anonymous().Do(t.Context(), http.MethodGet, path, nil, &product); err != nil {
			t.Fatal(err)
		}
		return product.Variants
	}
	got := read()
	if len(got) != 2 || got[1].SKU != sku+"-XL" || got[1].CompareAt != nil || got[1].LowestPrice != nil {
		t.Fatalf("%+v", got)
	}
	if v := got[0]; v.Price.Amount != 800 || v.CompareAt == nil || v.CompareAt.Amount != 1500 || v.LowestPrice == nil || v.LowestPrice.Amount != 1000 {
		t.Errorf("%+v, want 800 instead of 1500, and 1000 as the lowest price", v)
	}
	change(map[string]any{"sku": sku + "-XL", "removed": true})
	change(map[string]any{"sku": sku, "clear": []string{"compare_at_price"}})
	if got = read(); len(got) != 1 || got[0].CompareAt != nil || got[0].LowestPrice != nil || got[0].Price.Amount != 800 {
		t.Errorf("%+v, want one variant without a reduction", got)
	}
}
