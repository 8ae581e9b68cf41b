package handler_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

const (
	getLevels        = inventoryv1.InventoryService_GetLevels_FullMethodName
	getProduct       = catalogv1.CatalogService_GetProduct_FullMethodName
	getVariantFacets = catalogv1.CatalogService_GetVariantFacets_FullMethodName
	listProducts     = catalogv1.CatalogService_ListProducts_FullMethodName
)

func TestAProductCombinesCatalogAndInventory(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 5})
	for _, name := range []string{"p1", "mug"} {
		s.send(t, guest, "GET", "/v1/products/"+name, nil).mustBe(t, 200, `{
			"id": "p1", "slug": "mug", "title": "Mug", "description": "For tea & coffee", "brand": "Potter", "category": "Kitchen",
			"tags": ["tea"], "images": [{"url": "https://example.com/mug.jpg", "alt": "A mug"}],
			"price": {"min": {"amount": 1250, "currency": "GBP"}, "max": {"amount": 1500, "currency": "GBP"}},
			"variants": [
				{"sku": "MUG-S", "title": "Small", "options": {"Size": "S"}, "price": {"amount": 1250, "currency": "GBP"},
				 "weight_grams": 300, "availability": "in_stock", "inventory": {"tracked": true, "policy": "deny"}},
				{"sku": "MUG-L", "title": "Large", "options": {"Size": "L"}, "price": {"amount": 1500, "currency": "GBP"},
				 "weight_grams": 450, "availability": "low_stock", "inventory": {"tracked": true, "policy": "deny"}}
			],
			"updated_at": "1970-01-01T00:00:00Z", "status": "active"}`)
	}
	s.send(t, guest, "GET", "/v1/products/nothing", nil).refused(t, 404, "not_found")
}

func TestSlugsInAPathMayHaveLettersOfAnyScript(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, slug := range []string{"самовар", "茶器", "crème-brûlée", "हिन्दी-किताब"} {
		p := plain(1)
		p.Slug = slug
		on(s, getProduct, func(_ context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
			if req.GetIdOrSlug() != slug {
				t.Errorf("catalog was asked for %+q, want %s", req.GetIdOrSlug(), slug)
			}
			return &catalogv1.GetProductResponse{Product: p}, nil
		})
		stock(s, map[string]int64{"SKU-0001": 6})
		var got struct{ Slug string }
		s.send(t, guest, "GET", "/v1/products/"+url.PathEscape(slug), nil).into(t, &got)
		if got.Slug != slug {
			t.Errorf("slug %q, want %q", got.Slug, slug)
		}
	}
}

func TestAProductWithNothingHasEmptyLists(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, &catalogv1.Product{Id: "p1", MinPrice: gbp(0), MaxPrice: gbp(0)})
	stock(s, nil)
	s.send(t, guest, "GET", "/v1/products/p1", nil).mustBe(t, 200, `{
		"id": "p1", "slug": "", "title": "", "description": "", "brand": "", "category": "", "tags": [], "images": [], "variants": [],
		"price": {"min": {"amount": 0, "currency": "GBP"}, "max": {"amount": 0, "currency": "GBP"}},
		"updated_at": "1970-01-01T00:00:00Z", "status": "active"}`)
}

func TestAvailabilityDependsOnTheLevel(t *testing.T) {
	t.Parallel()
	for available, want := range map[int64]string{
		-1: "out_of_stock", 0: "out_of_stock", 1: "low_stock", 5: "low_stock", 6: "in_stock", 1000: "in_stock",
	} {
		t.Run(fmt.Sprint(available), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			sell(s, plain(1))
			stock(s, map[string]int64{"SKU-0001": available})
			var got productView
			s.send(t, guest, "GET", "/v1/products/0001", nil).into(t, &got)
			if got.Variants[0].Availability != want {
				t.Errorf("%s, want %s", got.Variants[0].Availability, want)
			}
		})
	}
}

func TestASKUThatInventoryDoesNotKnowIsOutOfStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	stock(s, nil)
	var got productView
	s.send(t, guest, "GET", "/v1/products/0001", nil).into(t, &got)
	if got.Variants[0].Availability != "out_of_stock" {
		t.Errorf("%s", got.Variants[0].Availability)
	}
}

func TestPagesAreShownWhileInventoryIsDown(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(context.Context, *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error){
		"away": func(context.Context, *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
			return nil, status.Error(codes.Unavailable, "away")
		},
		"broken": func(context.Context, *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
			return nil, errors.New("bug")
		},
		"hanging": func(ctx context.Context, _ *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			sell(s, plain(1), plain(2))
			on(s, getLevels, fails)
			start := time.Now()
			for _, query := range []string{"", "in_stock=true"} {
				page := s.list(t, query)
				if len(page.Items) != 2 || page.Items[0].Variants[0].Availability != "unknown" || page.NextCursor != nil {
					t.Errorf("%q: %+v", query, page)
				}
			}
			var got productView
			r := s.send(t, guest, "GET", "/v1/products/0001", nil)
			r.mustBe(t, 200, "")
			r.into(t, &got)
			if got.Variants[0].Availability != "unknown" {
				t.Errorf("%+v", got)
			}
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("three pages took %v", took)
			}
		})
	}
}

func TestAllParametersOfAQueryReachCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *catalogv1.ListProductsRequest
	on(s, listProducts, func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
		asked = req
		return &catalogv1.ListProductsResponse{}, nil
	})
	s.list(t, "q="+url.QueryEscape("tea & café")+"&category=kitchen&brand=Potter&min_price=0&max_price=9223372036854775807"+
		"&sort=price_desc&limit=7&cursor=abc&facets=true")
	if asked.GetQuery() != "tea & café" || asked.GetCategory() != "kitchen" || asked.GetBrand() != "Potter" || asked.MinPrice == nil ||
		asked.GetMinPrice() != 0 || asked.GetMaxPrice() != 1<<63-1 || asked.GetSort() != catalogv1.Sort_SORT_PRICE_DESC ||
		asked.GetLimit() != 7 || asked.GetCursor() != "abc" || !asked.GetFacets() {
		t.Errorf("asked %v", asked)
	}
	s.list(t, "")
	if asked.GetQuery() != "" || asked.MinPrice != nil || asked.MaxPrice != nil || asked.GetSort() != catalogv1.Sort_SORT_UNSPECIFIED ||
		asked.GetLimit() != 20 || asked.GetCursor() != "" || asked.GetFacets() {
		t.Errorf("asked %v", asked)
	}
	for name, want := range map[string]catalogv1.Sort{
		"relevance": catalogv1.Sort_SORT_RELEVANCE, "newest": catalogv1.Sort_SORT_NEWEST,
		"price_asc": catalogv1.Sort_SORT_PRICE_ASC, "title": catalogv1.Sort_SORT_TITLE,
	} {
		if s.list(t, "sort="+name); asked.GetSort() != want {
			t.Errorf("sort=%s became %v", name, asked.GetSort())
		}
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	t.Parallel()
	s := open(t)
	var products []*catalogv1.Product
	for i := range 45 {
		products = append(products, plain(i))
	}
	sell(s, products...)
	stock(s, nil)
	for limit, pages := range map[string]int{"": 3, "limit=15": 3, "limit=44": 2, "limit=45": 1, "limit=100": 1, "limit=1": 45} {
		seen := s.follow(t, limit)
		if len(seen.ids) != 45 || seen.pages != pages {
			t.Errorf("%s: %d products on %d pages, want 45 on %d", limit, len(seen.ids), seen.pages, pages)
		}
	}
	s.send(t, guest, "GET", "/v1/products?cursor=nonsense", nil).refused(t, 400, "invalid_request")
}

type followed struct {
	ids   []string
	pages int
}

// follow reads all pages of a query. It fails the test if a product occurs twice.
func (s *shop) follow(t *testing.T, query string) followed {
	t.Helper()
	var seen followed
	met := map[string]bool{}
	cursor := ""
	for {
		page := s.list(t, query+"&cursor="+url.QueryEscape(cursor))
		seen.pages++
		for _, p := range page.Items {
			if met[p.ID] {
				t.Fatalf("%s: product %s is there twice", query, p.ID)
			}
			met[p.ID] = true
			seen.ids = append(seen.ids, p.ID)
		}
		if page.NextCursor == nil || *page.NextCursor == "" {
			return seen
		}
		cursor = *page.NextCursor
	}
}

func TestFacetsAreReturnedOnRequest(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	stock(s, map[string]int64{"SKU-0001": 9})
	var page struct{ Facets any }
	s.send(t, guest, "GET", "/v1/products?facets=true", nil).into(t, &page)
	if got := fmt.Sprint(page.Facets); got != "[map[field:category values:[map[count:3 name:Kitchen value:kitchen] map[count:1 name:bath value:bath]]]]" {
		t.Errorf("facets %s", got)
	}
	for _, query := range []string{"", "facets=false", "in_stock=true"} {
		var page map[string]any
		s.send(t, guest, "GET", "/v1/products?"+query, nil).into(t, &page)
		if _, there := page["facets"]; there {
			t.Errorf("%q has facets", query)
		}
	}
}

func TestFacetsOfProductsInStockCountTheWholeListOnEveryPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	var products []*catalogv1.Product
	levels := map[string]int64{}
	for i := range 250 {
		p := plain(i)
		p.Brand, p.Category, p.CategorySlug = []string{"Acme", "Potter", ""}[i%3], "Kitchen", "kitchen"
		if i%2 == 0 {
			levels[p.GetVariants()[0].GetSku()] = 3
		}
		products = append(products, p)
	}
	sell(s, products...)
	stock(s, levels)
	for _, query := range []string{"", "&limit=3", "&cursor=0100"} {
		var page struct{ Facets any }
		s.send(t, guest, "GET", "/v1/products?facets=true&in_stock=true"+query, nil).into(t, &page)
		want := "[map[field:category values:[map[count:125 name:Kitchen value:kitchen]]]" +
			" map[field:brand values:[map[count:42 name:Acme value:Acme] map[count:41 name:Potter value:Potter]]]]"
		if got := fmt.Sprint(page.Facets); got != want {
			t.Errorf("%q: facets %s, want %s", query, got, want)
		}
	}
}

func TestInStockOmitsProductsWithoutStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	var products []*catalogv1.Product
	levels := map[string]int64{}
	for i := range 350 {
		products = append(products, plain(i))
		if i%7 == 0 {
			levels[fmt.Sprintf("SKU-%04d", i)] = int64(i%14 + 1)
		}
	}
	sell(s, products...)
	stock(s, levels)
	for limit, pages := range map[string]int{"limit=1": 51, "limit=7": 8, "limit=10": 6, "limit=50": 2, "limit=100": 1} {
		seen := s.follow(t, "in_stock=true&"+limit)
		if len(seen.ids) != 50 || seen.pages > pages {
			t.Errorf("%s: %d products on %d pages, want 50 on at most %d", limit, len(seen.ids), seen.pages, pages)
		}
		for i, id := range seen.ids {
			if id != fmt.Sprintf("%04d", i*7) {
				t.Fatalf("%s: product %d is %s", limit, i, id)
			}
		}
	}
}

func TestInStockEndsWithTheLastProductOfAFullPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(0), plain(1), plain(2))
	stock(s, map[string]int64{"SKU-0001": 1, "SKU-0002": 1})
	page := s.list(t, "in_stock=true&limit=2")
	if len(page.Items) != 2 || page.NextCursor != nil {
		t.Errorf("%+v", page)
	}
}

func TestInStockReadsALimitedPartOfTheCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	var products []*catalogv1.Product
	for i := range 1500 {
		products = append(products, plain(i))
	}
	sell(s, products...)
	stock(s, map[string]int64{"SKU-1499": 1})
	page := s.list(t, "in_stock=true")
	if len(page.Items) != 0 || page.NextCursor == nil || s.called(listProducts) != 10 {
		t.Fatalf("%d items, cursor %v, catalog was asked %d times", len(page.Items), page.NextCursor, s.called(listProducts))
	}
	page = s.list(t, "in_stock=true&cursor="+*page.NextCursor)
	if len(page.Items) != 1 || page.Items[0].ID != "1499" || page.NextCursor != nil {
		t.Errorf("%+v", page)
	}
}

func TestErrorsOfCatalogAreReturned(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.send(t, guest, "GET", "/v1/products", nil).refused(t, 503, "unavailable")
	s.send(t, guest, "GET", "/v1/products?in_stock=true", nil).refused(t, 503, "unavailable")
	s.send(t, guest, "GET", "/v1/products/p1", nil).refused(t, 503, "unavailable")
	s.send(t, guest, "GET", "/v1/categories", nil).refused(t, 503, "unavailable")
	s.fail(getProduct, status.Error(codes.Internal, "secret"))
	if p := s.send(t, guest, "GET", "/v1/products/p1", nil).refused(t, 500, "internal"); p.Detail == "secret" {
		t.Error("the client was told what went wrong inside")
	}
}

func TestCategoriesAreATree(t *testing.T) {
	t.Parallel()
	s := open(t)
	kitchen := &catalogv1.Category{Slug: "kitchen", Name: "Kitchen", ProductCount: 3}
	on(s, catalogv1.CatalogService_ListCategories_FullMethodName, returns[*catalogv1.ListCategoriesRequest](&catalogv1.ListCategoriesResponse{
		Categories: []*catalogv1.Category{kitchen, {Slug: "kitchen-mugs", Name: "Kitchen > Mugs", ProductCount: 2}},
		Tree: []*catalogv1.Category{{Slug: "kitchen", Name: "Kitchen", Path: "Kitchen", ProductCount: 5, Children: []*catalogv1.Category{
			{Slug: "kitchen-mugs", Name: "Mugs", Path: "Kitchen > Mugs", ProductCount: 2},
		}}},
	}))
	s.send(t, guest, "GET", "/v1/categories", nil).mustBe(t, 200, `{"items": [{"slug": "kitchen", "name": "Kitchen", "path": "Kitchen", "product_count": 5,
		"children": [{"slug": "kitchen-mugs", "name": "Mugs", "path": "Kitchen > Mugs", "product_count": 2, "children": []}]}]}`)
}

func TestCategoriesOfAnOlderCatalogHaveNoChildren(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, catalogv1.CatalogService_ListCategories_FullMethodName, returns[*catalogv1.ListCategoriesRequest](
		&catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{{Slug: "kitchen", Name: "Kitchen", ProductCount: 3}}}))
	s.send(t, guest, "GET", "/v1/categories", nil).mustBe(t, 200,
		`{"items": [{"slug": "kitchen", "name": "Kitchen", "path": "Kitchen", "product_count": 3, "children": []}]}`)
}
