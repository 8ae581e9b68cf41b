package chaos

import (
	"net/http"
	"testing"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

// withoutStock has hundreds buy a variant that is not tracked, one that continues selling, and a basket of both.
func (r *race) withoutStock(t *testing.T) {
	const download, print = "RACE-DOWNLOAD", "RACE-PRINT"
	r.offer(t, download, map[string]any{"tracked": false})
	r.offer(t, print, map[string]any{"policy": "continue"})
	baskets := [][]item{{{download, 1}}, {{print, 1}}, {{download, 2}, {print, 1}}}
	const requests = 300
	got := newCounters()
	sold, printed := 0, int64(0)
	for left := requests; left > 0; left -= len(r.buyers) {
		n := min(left, len(r.buyers))
		sold += r.run(t, got, n, func(i int) []item { return baskets[i%len(baskets)] })
		for i := range n {
			if i%len(baskets) > 0 {
				printed++
			}
		}
		if err := poll.Until(t.Context(), cleanWithin, r.books); err != nil {
			t.Fatal(err)
		}
	}
	if sold != requests {
		t.Errorf("%d of %d orders were confirmed", sold, requests)
	}
	if level, err := r.staff.Stock(t.Context(), print); err != nil || level.OnHand != -printed || level.Reserved != 0 {
		t.Errorf("%+v, %v; want %d on backorder", level, err, printed)
	}
	t.Logf("measured: %d orders without stock: %v", requests, got.answers)
}

// offer puts a product with one variant on sale.
func (r *race) offer(t *testing.T, sku string, inventory map[string]any) {
	t.Helper()
	product := map[string]any{"title": sku, "variants": []any{map[string]any{
		"sku": sku, "price": shop.Money{Amount: 900, Currency: "GBP"}, "weight_grams": 100, "inventory": inventory,
	}}}
	if err := r.staff.Do(t.Context(), http.MethodPost, "/v1/products", product, nil); err != nil {
		t.Fatal(err)
	}
}
