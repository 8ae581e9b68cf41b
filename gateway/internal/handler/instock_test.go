package handler_test

import (
	"context"
	"sync"
	"testing"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

// asked counts what was read from the owners.
type asked struct {
	mu sync.Mutex
	// products and brief count the products that catalog returned, in full and brief; skus counts the SKUs that inventory was
	// asked about.
	products, brief, skus int
}

// recordAsked starts counting.
func recordAsked(s *shop) *asked {
	a := &asked{}
	s.mu.Lock()
	lists, levels := s.hooks[listProducts], s.hooks[getLevels]
	s.mu.Unlock()
	on(s, listProducts, func(ctx context.Context, req *catalogv1.ListProductsRequest) (any, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if req.GetBrief() {
			a.brief += int(req.GetLimit())
		} else {
			a.products += int(req.GetLimit())
		}
		return lists(ctx, req)
	})
	on(s, getLevels, func(ctx context.Context, req *inventoryv1.GetLevelsRequest) (any, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.skus += len(req.GetSkus())
		return levels(ctx, req)
	})
	return a
}

// The catalog has 2,000 products, of which nine in ten are in stock.
func TestAPageOfProductsInStockReadsFewProducts(t *testing.T) {
	t.Parallel()
	s, products, _ := told(t)
	goods := make([]*catalogv1.Product, 2000)
	levels := map[string]int64{}
	for i := range goods {
		goods[i] = plain(i)
		if i%10 != 0 {
			levels[goods[i].GetVariants()[0].GetSku()] = 10
		}
	}
	sell(s, goods...)
	stock(s, levels)
	read := recordAsked(s)
	if page := s.list(t, "in_stock=true&limit=20"); len(page.Items) != 20 || page.NextCursor == nil {
		t.Fatalf("a page of %d products", len(page.Items))
	}
	if read.products != 40 || read.skus != 40 || read.brief != 0 {
		t.Errorf("a page read %d products, %d brief ones and %d SKUs; want 40, none and 40", read.products, read.brief, read.skus)
	}
	if page := s.list(t, "in_stock=true&limit=20&facets=true"); len(page.Items) != 20 {
		t.Fatalf("a page of %d products", len(page.Items))
	}
	if read.brief != 1000 || read.skus != 1000 {
		t.Errorf("facets read %d brief products and %d SKUs, want 1000 of each", read.brief, read.skus)
	}
	// Another product changes. Catalog is asked again, but the levels of the other products are still cached.
	products.tells(t, "9999")
	if page := s.list(t, "in_stock=true&limit=20&facets=true"); len(page.Items) != 20 || read.skus != 1000 {
		t.Errorf("a page of %d products, and inventory was asked about %d SKUs by now, want 1000", len(page.Items), read.skus)
	}
}
