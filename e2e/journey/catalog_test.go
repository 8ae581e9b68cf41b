package journey

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/deploy/setup/demo"
	"souk/e2e/shop"
)

func TestTheDemoCatalogFillsAShopAndTheCommandThatIsPrintedBuys(t *testing.T) {
	t.Parallel()
	access := demo.Shop{
		URL: target.url, StaffEmail: target.staffEmail, StaffPassword: target.staffPassword,
		CustomerEmail: email(), CustomerPassword: password,
	}
	imported, err := demo.Fill(t.Context(), access, demo.Catalog)
	if err != nil || imported.Products < 60 || len(imported.Errors) != 0 {
		t.Fatalf("%+v, %v; want 60 products or more", imported, err)
	}
	again, err := demo.Fill(t.Context(), access, demo.Catalog)
	if err != nil || again.Created+again.Updated != 0 {
		t.Errorf("again: %+v, %v; want nothing new", again, err)
	}
	output, err := exec.CommandContext(t.Context(), "bash", "-c", demo.BuyCommand(access)).Output()
	if err != nil || !strings.Contains(string(output), "201 Created") || !strings.Contains(string(output), `"status":"confirmed"`) {
		t.Errorf("the printed command: %v\n%s", err, output)
	}
}

// TestShopifysSamplesImport imports Shopify's sample files from the folder SOUK_SHOPIFY_SAMPLES. They are not part of the repository.
func TestShopifysSamplesImport(t *testing.T) {
	t.Parallel()
	samples := os.Getenv("SOUK_SHOPIFY_SAMPLES")
	if samples == "" {
		t.Skip("SOUK_SHOPIFY_SAMPLES is not set")
	}
	for name, want := range map[string][2]int{"apparel.csv": {20, 22}, "home-and-garden.csv": {20, 21}} {
		path := filepath.Join(samples, name)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		keeper := staff(t)
		got, err := keeper.Import(t.Context(), file)
		if err != nil || got.Products != want[0] || got.Variants != want[1] || len(got.Errors) != 0 {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, want)
		}
		again, err := keeper.Import(t.Context(), file)
		if err != nil || again.Created+again.Updated != 0 {
			t.Errorf("%s again: %+v, %v; want nothing new", name, again, err)
		}
	}
}

func TestABrokenRowIsReportedByLineAndTheRestGoesIn(t *testing.T) {
	t.Parallel()
	tag := uuid.NewString()[:8]
	file := fmt.Sprintf("Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n"+
		"good-%[1]s,Good,G-%[1]s,5.00,3\nbad-%[1]s,Bad,B-%[1]s,five,3\nfine-%[1]s,Fine,F-%[1]s,6.00,\n", tag)
	keeper := staff(t)
	got, err := keeper.Import(t.Context(), []byte(file))
	if err != nil || got.Products != 2 || got.Created != 2 || len(got.Errors) != 1 || got.Errors[0].Line != 3 {
		t.Fatalf("%+v, %v; want 2 products and an error on line 3", got, err)
	}
	for sku, want := range map[string]int64{"G-" + tag: 3, "F-" + tag: 0} {
		if left := available(t, sku); left != want {
			t.Errorf("%s: %d pieces, want %d", sku, left, want)
		}
	}
	_, err = keeper.Stock(t.Context(), "B-"+tag)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

func TestProductsAreFoundAndShowWhatIsInStock(t *testing.T) {
	t.Parallel()
	there, gone := stocked(t, 700, 3), stocked(t, 900, 0)
	var page shop.Products
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products?q="+url.QueryEscape(there), nil, &page); err != nil || len(page.Items) != 1 {
		t.Fatalf("search: %+v, %v; want the one product", page, err)
	}
	if got := page.Items[0].Variants[0]; got.Availability != "low_stock" || got.Price.Amount != 700 {
		t.Errorf("variant = %+v, want low_stock at 700", got)
	}
	inStock, everything := listSKUs(t, "/v1/products?brand=Tester&in_stock=true&limit=3"), listSKUs(t, "/v1/products?brand=Tester&limit=3")
	if !slices.Contains(inStock, there) || slices.Contains(inStock, gone) {
		t.Errorf("in stock: %v; want %s and not %s", inStock, there, gone)
	}
	if !slices.Contains(everything, there) || !slices.Contains(everything, gone) {
		t.Errorf("everything: %v; want both", everything)
	}
}

// Of two shirts, the small red one is sold out, and so is the large blue one.
func TestFiltersAndFacetsRespectTheStockOfEachVariant(t *testing.T) {
	t.Parallel()
	brand := "Brand " + strings.ToUpper(uuid.NewString()[:8])
	keeper := staff(t)
	sell := func(color string, price int64, sizes map[string]int64) {
		t.Helper()
		var variants []any
		for _, size := range slices.Sorted(maps.Keys(sizes)) {
			variants = append(variants, map[string]any{
				"sku": brand[6:] + color + size, "price": shop.Money{Amount: price, Currency: "GBP"}, "options": map[string]string{"Color": color, "Size": size},
			})
		}
		body := map[string]any{"title": color + " shirt", "brand": brand, "category": "Shirts", "variants": variants}
		if err := keeper.Do(t.Context(), http.MethodPost, "/v1/products", body, nil); err != nil {
			t.Fatal(err)
		}
		for size, pieces := range sizes {
			if pieces > 0 {
				if _, err := keeper.Adjust(t.Context(), brand[6:]+color+size, pieces, "test"); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	sell("Red", 700, map[string]int64{"S": 0, "L": 3})
	sell("Blue", 1500, map[string]int64{"S": 2, "L": 0})
	for filter, want := range map[string]string{
		"":                                   "[Blue shirt Red shirt] [{Color [{Blue 1} {Red 1}]} {Size [{L 1} {S 1}]}]",
		"&option.Size=S":                     "[Blue shirt] [{Size [{L 1} {S 1}]} {Color [{Blue 1}]}]",
		"&option.Size=S&option.Color=Red":    "[] [{Color [{Blue 1}]} {Size [{L 1}]}]",
		"&option.Size=L&max_price=800":       "[Red shirt] [{Color [{Red 1}]} {Size [{L 1}]}]",
		"&option.Size=S&max_price=800":       "[] [{Size [{L 1}]}]",
		"&option.Size=S&option.Size=L":       "[Blue shirt Red shirt] [{Color [{Blue 1} {Red 1}]} {Size [{L 1} {S 1}]}]",
		"&category=shirts&option.Color=Blue": "[Blue shirt] [{Color [{Blue 1} {Red 1}]} {Size [{S 1}]}]",
	} {
		var page struct {
			shop.Products
			Facets []struct {
				Name   string
				Values []struct {
					Value string
					Count int
				}
			} `json:"option_facets"`
		}
		if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products?in_stock=true&facets=true&sort=title&brand="+url.QueryEscape(brand)+filter, nil, &page); err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, p := range page.Items {
			titles = append(titles, p.Title)
		}
		if got := fmt.Sprint(titles, " ", page.Facets); got != want {
			t.Errorf("%s: %s, want %s", filter, got, want)
		}
	}
}

// listSKUs walks every page of a list.
func listSKUs(t *testing.T, path string) []string {
	t.Helper()
	var skus []string
	cursor := ""
	for {
		var page shop.Products
		if err := anonymous().Do(t.Context(), http.MethodGet, path+"&cursor="+cursor, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Items {
			skus = append(skus, p.Variants[0].SKU)
		}
		if cursor = page.NextCursor; cursor == "" {
			return skus
		}
	}
}

func TestAProductChangesUnderItsEntityTag(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 700, 3)
	var page shop.Products
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products?q="+sku, nil, &page); err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	path := "/v1/products/" + page.Items[0].ID
	got, err := anonymous().Send(t.Context(), http.MethodGet, path, nil)
	if err != nil || got.Header.Get("ETag") == "" {
		t.Fatal(err)
	}
	tag := got.Header.Get("ETag")
	unchanged, err := anonymous().Send(t.Context(), http.MethodGet, path, nil, shop.Header{Name: "If-None-Match", Value: tag})
	if err != nil || unchanged.Status != http.StatusNotModified {
		t.Errorf("If-None-Match: %d, %v; want 304", unchanged.Status, err)
	}
	keeper := staff(t)
	rename := map[string]string{"title": "Renamed"}
	err = keeper.Do(t.Context(), http.MethodPatch, path, rename, nil)
	wantProblem(t, err, http.StatusPreconditionRequired, "precondition_required")
	for _, other := range []string{anotherTag(t), `"` + page.Items[0].ID + `.9999.0"`, "W/" + tag} {
		err = keeper.Do(t.Context(), http.MethodPatch, path, rename, nil, shop.Header{Name: "If-Match", Value: other})
		wantProblem(t, err, http.StatusPreconditionFailed, "precondition_failed")
	}
	list := shop.Header{Name: "If-Match", Value: `"` + page.Items[0].ID + `.9999.0", ` + anotherTag(t) + ", " + tag}
	var renamed shop.Product
	if err := keeper.Do(t.Context(), http.MethodPatch, path, map[string]string{"title": "By a list"}, &renamed, list); err != nil || renamed.Title != "By a list" {
		t.Fatalf("%q: %v", renamed.Title, err)
	}
	if got, err = anonymous().Send(t.Context(), http.MethodGet, path, nil); err != nil || got.Header.Get("ETag") == tag {
		t.Fatalf("the tag of the new version is %s: %v", got.Header.Get("ETag"), err)
	}
	tag = got.Header.Get("ETag")
	match := shop.Header{Name: "If-Match", Value: tag}
	if err := keeper.Do(t.Context(), http.MethodPatch, path, rename, nil, match); err != nil {
		t.Fatal(err)
	}
	err = keeper.Do(t.Context(), http.MethodPatch, path, rename, nil, match)
	wantProblem(t, err, http.StatusPreconditionFailed, "precondition_failed")
	if err := keeper.Do(t.Context(), http.MethodDelete, path, nil, nil); err != nil {
		t.Fatal(err)
	}
	err = anonymous().Do(t.Context(), http.MethodGet, path, nil, nil)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

// anotherTag returns the tag of a new product, which has the same version as any other that was never changed.
func anotherTag(t *testing.T) string {
	t.Helper()
	var page shop.Products
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products?q="+stocked(t, 700, 3), nil, &page); err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	got, err := anonymous().Send(t.Context(), http.MethodGet, "/v1/products/"+page.Items[0].ID, nil)
	if err != nil || got.Header.Get("ETag") == "" {
		t.Fatal(err)
	}
	return got.Header.Get("ETag")
}
