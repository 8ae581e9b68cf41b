package journey

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// category is a category in the tree of the shop.
type category struct {
	Slug     string     `json:"slug"`
	Name     string     `json:"name"`
	Path     string     `json:"path"`
	Products int        `json:"product_count"`
	Children []category `json:"children"`
}

func TestACategoryShowsTheProductsOfItsChildren(t *testing.T) {
	t.Parallel()
	tag := strings.ToLower(uuid.NewString()[:13])
	home := "Home " + tag
	inHome := "/v1/products?category=" + url.QueryEscape("home-"+tag)
	if got := titlesOf(t, inHome); len(got) != 0 {
		t.Fatalf("in an unknown category: %v", got)
	}
	for _, name := range []string{"Desk Lamp", "Floor Lamp"} {
		body := map[string]any{
			"title": name + " " + tag, "category": home + " > Lamps",
			"variants": []any{map[string]any{"sku": strings.ToUpper(name[:4] + tag), "price": shop.Money{Amount: 900, Currency: "GBP"}, "weight_grams": 250}},
		}
		if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/products", body, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"Desk Lamp " + tag, "Floor Lamp " + tag}
	for _, path := range []string{inHome, inHome + "-lamps", inHome + "&q=lamp", inHome + "&facets=true"} {
		if got := titlesOf(t, path); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", path, got, want)
		}
	}
	var tree struct{ Items []category }
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/categories", nil, &tree); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(tree.Items, func(c category) bool { return c.Path == home })
	if at < 0 {
		t.Fatalf("%s is not among the categories %+v", home, tree.Items)
	}
	lamps := "{Slug:home-" + tag + "-lamps Name:Lamps Path:" + home + " > Lamps Products:2 Children:[]}"
	if got := fmt.Sprintf("%+v", tree.Items[at]); got != "{Slug:home-"+tag+" Name:"+home+" Path:"+home+" Products:2 Children:["+lamps+"]}" {
		t.Errorf("the category is %s", got)
	}
}

// titlesOf returns the titles of a list, sorted.
func titlesOf(t *testing.T, path string) (titles []string) {
	t.Helper()
	var page shop.Products
	if err := anonymous().Do(t.Context(), http.MethodGet, path, nil, &page); err != nil {
		t.Fatal(err)
	}
	for _, p := range page.Items {
		titles = append(titles, p.Title)
	}
	slices.Sort(titles)
	return titles
}
