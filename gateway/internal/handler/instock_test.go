package handler_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

// sellMany has a shop sell 2,000 products. Of each group of so many products, the first ones are sold out.
func sellMany(s *shop, soldOut, group int) {
	goods := make([]*catalogv1.Product, 2000)
	levels := map[string]int64{}
	for i := range goods {
		goods[i] = plain(i)
		if i%group >= soldOut {
			levels[goods[i].GetVariants()[0].GetSku()] = 10
		}
	}
	sell(s, goods...)
	stock(s, levels)
}

// The catalog has 2,000 products, of which nine in ten are in stock.
func TestAPageOfProductsInStockReadsFewProducts(t *testing.T) {
	t.Parallel()
	s, products, _ := told(t)
	sellMany(s, 1, 10)
	read := recordAsked(s)
	if page := s.list(t, "in_stock=true&limit=20"); len(page.Items) != 20 || page.NextCursor == nil {
		t.Fatalf("a page of %d products", len(page.Items))
	}
	if read.products != 26 || read.skus != 26 || read.brief != 0 {
		t.Errorf("a page read %d products, %d brief ones and %d SKUs; want 26, none and 26", read.products, read.brief, read.skus)
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

// A page reads ahead as many products as are sold out on average, twice over.
func TestAPageOfProductsInStockReadsMoreWhereMoreIsSoldOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		soldOut int // of eight products
		want    int
	}{{0, 21}, {1, 26}, {2, 31}} {
		s, products, _ := told(t)
		sellMany(s, test.soldOut, 8)
		for range 30 { // the gateway learns how many are sold out
			s.list(t, "in_stock=true&limit=100")
			products.tells(t, "9999")
		}
		read := recordAsked(s)
		if page := s.list(t, "in_stock=true&limit=20"); len(page.Items) != 20 {
			t.Fatalf("a page of %d products", len(page.Items))
		}
		if read.products != test.want {
			t.Errorf("with %d of 8 sold out, a page reads %d products, want %d", test.soldOut, read.products, test.want)
		}
	}
}

// The variants of the mug match one filter each, and the small one alone is in stock.
func TestFacetsOfProductsInStockCountTheVariantsThatMatchAndAre(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, map[string]int64{"MUG-S": 3})
	on(s, listProducts, func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
		listed := &catalogv1.ListedProduct{Product: mug(), Cursor: "1"}
		if len(req.GetOptions()) > 0 {
			listed.MatchingSkus = []string{"MUG-L"}
		}
		return &catalogv1.ListProductsResponse{Products: []*catalogv1.ListedProduct{listed}}, nil
	})
	size := func(count int64) []*catalogv1.Facet {
		return []*catalogv1.Facet{{Field: "Size", Values: []*catalogv1.FacetValue{{Value: "Small", Name: "Small", Count: count}}}}
	}
	on(s, getVariantFacets, func(_ context.Context, req *catalogv1.GetVariantFacetsRequest) (*catalogv1.GetVariantFacetsResponse, error) {
		if len(req.GetSkus()) == 0 {
			return &catalogv1.GetVariantFacetsResponse{}, nil
		}
		if !slices.Equal(req.GetSkus(), []string{"MUG-S"}) {
			t.Errorf("facets of %v, want MUG-S", req.GetSkus())
		}
		return &catalogv1.GetVariantFacetsResponse{OptionFacets: size(1), PriceRanges: []*catalogv1.PriceRange{{Count: 1}}}, nil
	})
	type view struct {
		Items   []struct{}
		Options []struct{ Name string } `json:"option_facets"`
		Ranges  []struct{}              `json:"price_ranges"`
	}
	for path, want := range map[string]view{
		"?in_stock=true&facets=true": {Items: []struct{}{{}}, Options: []struct{ Name string }{{"Size"}}, Ranges: []struct{}{{}}},
		// The large one is sold out. Its size can be changed, because a facet does not respect its own filter.
		"?in_stock=true&facets=true&option.Size=Large": {Items: []struct{}{}, Options: []struct{ Name string }{{"Size"}}, Ranges: []struct{}{}},
	} {
		var got view
		if s.send(t, guest, "GET", "/v1/products"+path, nil).into(t, &got); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	s.fail(getVariantFacets, status.Error(codes.Unimplemented, "unknown method"))
	r := s.send(t, guest, "GET", "/v1/products?in_stock=true&facets=true", nil)
	if r.mustBe(t, 200, ""); strings.Contains(string(r.body), "option_facets") || !strings.Contains(string(r.body), "facets") {
		t.Errorf("with a catalog of the version before: %s", r.body)
	}
}
