package journey

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// life is a product that a test moves through its statuses. Its category has no other product.
type life struct {
	shop.Product
	sku string
}

func draft(t *testing.T) life {
	t.Helper()
	tag := strings.ToUpper(uuid.NewString()[:13])
	l := life{sku: "L-" + tag}
	body := map[string]any{
		"title": "Lantern " + tag, "category": "Lanterns " + tag, "brand": "Brand " + tag, "status": "draft",
		"variants": []any{map[string]any{"sku": l.sku, "price": shop.Money{Amount: 900, Currency: "GBP"}, "weight_grams": 250}},
	}
	keeper := staff(t)
	if err := keeper.Do(t.Context(), http.MethodPost, "/v1/products", body, &l.Product); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Adjust(t.Context(), l.sku, 50, "before the launch"); err != nil {
		t.Fatalf("the stock of a draft: %v", err)
	}
	return l
}

// become changes the product as staff read it.
func (l life) become(t *testing.T, change map[string]any) {
	t.Helper()
	keeper := staff(t)
	read, err := keeper.Send(t.Context(), http.MethodGet, "/v1/admin/products/"+l.ID, nil)
	if err != nil || read.Status != http.StatusOK {
		t.Fatalf("read: %+v, %v", read, err)
	}
	tag := shop.Header{Name: "If-Match", Value: read.Header.Get("ETag")}
	if err := keeper.Do(t.Context(), http.MethodPatch, "/v1/products/"+l.ID, change, nil, tag); err != nil {
		t.Fatalf("to %v: %v", change, err)
	}
}

// places are where shoppers look for products.
func (l life) places() map[string]string {
	return map[string]string{
		"search":   "/v1/products?q=" + url.QueryEscape(l.Title),
		"category": "/v1/products?facets=true&category=" + url.QueryEscape(strings.ToLower(strings.ReplaceAll(l.Category, " ", "-"))),
		"newest":   "/v1/products?sort=newest&brand=" + url.QueryEscape("Brand"+strings.TrimPrefix(l.Title, "Lantern")),
	}
}

// listedIn returns the places that show the product to shoppers, sorted.
func (l life) listedIn(t *testing.T) (places []string) {
	t.Helper()
	for name, path := range l.places() {
		var page shop.Products
		if err := anonymous().Do(t.Context(), http.MethodGet, path, nil, &page); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(page.Items, func(p shop.Product) bool { return p.ID == l.ID }) {
			places = append(places, name)
		}
	}
	var categories struct {
		Items []struct {
			Name  string `json:"name"`
			Count int    `json:"product_count"`
		} `json:"items"`
	}
	if err := anonymous().Do(t.Context(), http.MethodGet, "/v1/categories", nil, &categories); err != nil {
		t.Fatal(err)
	}
	for _, c := range categories.Items {
		if c.Name == l.Category && c.Count == 1 {
			places = append(places, "categories")
		}
	}
	slices.Sort(places)
	return places
}

var everywhere = []string{"categories", "category", "newest", "search"}

// mustBe checks what shoppers and staff see of the product.
func (l life) mustBe(t *testing.T, status string) {
	t.Helper()
	want := map[string][]string{"active": everywhere}[status]
	if got := l.listedIn(t); !slices.Equal(got, want) {
		t.Errorf("%s: listed in %v, want %v", status, got, want)
	}
	onSale := status == "active" || status == "unlisted"
	for _, name := range []string{l.ID, l.Slug} {
		var page shop.Product
		err := anonymous().Do(t.Context(), http.MethodGet, "/v1/products/"+name, nil, &page)
		if onSale && (err != nil || page.Status != status) {
			t.Errorf("%s: its page: %+v, %v", status, page, err)
		}
		if !onSale {
			wantProblem(t, err, http.StatusNotFound, "not_found")
		}
	}
	shopper := customer(t)
	cart, err := shopper.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shopper.Put(t.Context(), cart.ID, l.sku, 1); (err == nil) != onSale {
		t.Errorf("%s: into a cart: %v", status, err)
	}
	var all shop.Products
	if err := staff(t).Do(t.Context(), http.MethodGet, "/v1/admin/products?status="+status+"&q="+l.sku, nil, &all); err != nil || len(all.Items) != 1 || all.Items[0].Status != status {
		t.Errorf("%s: to staff: %+v, %v", status, all, err)
	}
}

func TestAProductGoesThroughItsStatuses(t *testing.T) {
	t.Parallel()
	l := draft(t)
	l.mustBe(t, "draft")
	l.become(t, map[string]any{"status": "scheduled", "publish_at": time.Now().Add(time.Hour)})
	l.mustBe(t, "scheduled")
	l.become(t, map[string]any{"publish_at": time.Now().Add(2 * time.Second)})
	eventually(t, 30*time.Second, "the product is published", func() bool { return slices.Equal(l.listedIn(t), everywhere) })
	l.mustBe(t, "active")

	shopper := customer(t)
	cart, err := shopper.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shopper.Put(t.Context(), cart.ID, l.sku, 1); err != nil {
		t.Fatal(err)
	}
	l.become(t, map[string]any{"status": "unlisted"})
	l.mustBe(t, "unlisted")
	if order := buy(t, customer(t), l.sku, 2); order.Lines[0].Title != l.Title {
		t.Errorf("an order of the unlisted product: %+v", order.Lines)
	}

	withdraw(t, l.Product)
	l.mustBe(t, "withdrawn")
	if cart, err = shopper.OpenCart(t.Context()); err != nil || len(cart.Lines) != 1 || cart.Lines[0].Problems[0].Code != "withdrawn" || cart.Lines[0].Title != l.Title {
		t.Errorf("the cart of before: %+v, %v", cart.Lines, err)
	}
	whatever := shop.Header{Name: "If-Match", Value: "*"}
	err = staff(t).Do(t.Context(), http.MethodPatch, "/v1/products/"+l.ID, map[string]any{"status": "active"}, nil, whatever)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	for range 2 {
		var restored shop.Product
		err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/products/"+l.ID+"/restoration", nil, &restored)
		if err != nil || restored.Status != "active" {
			t.Errorf("restored: %+v, %v", restored, err)
		}
	}
	l.mustBe(t, "active")
	if cart, err = shopper.OpenCart(t.Context()); err != nil || len(cart.Lines) != 1 || len(cart.Lines[0].Problems) != 0 {
		t.Errorf("the cart of before: %+v, %v", cart.Lines, err)
	}
	l.become(t, map[string]any{"status": "draft"})
	if cart, err = shopper.OpenCart(t.Context()); err != nil || len(cart.Lines) != 1 || cart.Lines[0].Title != l.sku {
		t.Errorf("the cart shows a draft: %+v, %v", cart.Lines, err)
	}
	want := []string{
		"product_created", "product_updated", "product_updated", "product_published", "product_updated", "product_withdrawn", "product_restored", "product_updated",
	}
	var got []string
	for _, e := range slices.Backward(auditLog(t, 50, "subject", l.ID)) {
		got = append(got, e.Action)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the audit log: %v, want %v", got, want)
	}
}

func TestARestorationOfAnUnknownProductIsRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []string{uuid.NewString(), "nothing"} {
		err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/products/"+id+"/restoration", nil, nil)
		wantProblem(t, err, http.StatusNotFound, "not_found")
		err = staff(t).Do(t.Context(), http.MethodGet, "/v1/admin/products/"+id, nil, nil)
		wantProblem(t, err, http.StatusNotFound, "not_found")
	}
}

func TestAStatusThatCannotBeNamesTheField(t *testing.T) {
	t.Parallel()
	l := draft(t)
	whatever := shop.Header{Name: "If-Match", Value: "*"}
	for name, test := range map[string]struct {
		change map[string]any
		field  string
	}{
		"no time":           {map[string]any{"status": "scheduled"}, "publish_at"},
		"the past":          {map[string]any{"status": "scheduled", "publish_at": time.Now().Add(-time.Minute)}, "publish_at"},
		"a time of a draft": {map[string]any{"publish_at": time.Now().Add(time.Hour)}, "publish_at"},
		"withdrawn":         {map[string]any{"status": "withdrawn"}, "status"},
	} {
		err := staff(t).Do(t.Context(), http.MethodPatch, "/v1/products/"+l.ID, test.change, nil, whatever)
		if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); len(problem.Errors) != 1 || problem.Errors[0].Field != test.field {
			t.Errorf("%s: %+v, want an error about %s", name, problem.Errors, test.field)
		}
	}
}

func TestAProductFileSetsTheStatusAndAnExportKeepsIt(t *testing.T) {
	t.Parallel()
	keeper, tag := staff(t), uuid.NewString()[:8]
	var file bytes.Buffer
	file.WriteString("Handle,Title,Variant SKU,Variant Price,Published,Status\n")
	statuses := map[string]string{"active": "active", "unlisted": "unlisted", "draft": "draft", "archived": "withdrawn"}
	for word := range statuses {
		fmt.Fprintf(&file, "%s-%s,Thing,%s-%s,1.00,TRUE,%s\n", word, tag, word, tag, word)
	}
	if got, err := keeper.Import(t.Context(), file.Bytes()); err != nil || got.Created != len(statuses) || len(got.Errors) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for word, status := range statuses {
		var page shop.Products
		if err := keeper.Do(t.Context(), http.MethodGet, "/v1/admin/products?q="+word+"-"+tag, nil, &page); err != nil || len(page.Items) != 1 || page.Items[0].Status != status {
			t.Errorf("%s: %+v, %v; want %s", word, page.Items, err, status)
		}
	}
	exported, err := keeper.Send(t.Context(), http.MethodGet, "/v1/product-exports", nil)
	if err != nil {
		t.Fatal(err)
	}
	for word, status := range statuses {
		published := map[bool]string{true: "TRUE", false: "FALSE"}[status == "active" || status == "unlisted"]
		if row := fmt.Sprintf("%s-%s,Thing,,,,,%s,%s,", word, tag, published, word); !strings.Contains(string(exported.Body), row) {
			t.Errorf("the export has no row with %s", row)
		}
	}
}
