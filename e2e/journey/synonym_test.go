package journey

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

func TestASynonymFindsAProductAsSoonAsItIsSet(t *testing.T) {
	t.Parallel()
	const path, tries = "/v1/admin/synonyms", 10
	keeper, tag := staff(t), strings.ToLower(uuid.NewString()[:8])
	title := "Sofa" + tag
	product := map[string]any{"title": title, "variants": []any{map[string]any{"sku": title, "price": shop.Money{Amount: 900, Currency: "GBP"}, "weight_grams": 250}}}
	if err := keeper.Do(t.Context(), http.MethodPost, "/v1/products", product, nil); err != nil {
		t.Fatal(err)
	}
	search := "/v1/products?q=couch" + tag
	if got := titlesOf(t, search); len(got) != 0 {
		t.Fatalf("before, the search finds %q", got)
	}
	groups := map[string]any{"groups": []any{map[string]any{"terms": []string{"couch" + tag, title}}}}
	for range tries { // other tests set synonyms too
		read, err := keeper.Send(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		set, err := keeper.Send(t.Context(), http.MethodPut, path, groups, shop.Header{Name: "If-Match", Value: read.Header.Get("ETag")})
		if err != nil {
			t.Fatal(err)
		}
		if set.Status == http.StatusPreconditionFailed {
			continue
		}
		got := titlesOf(t, search)
		if slices.Equal(got, []string{title}) {
			return
		}
		if after, err := keeper.Send(t.Context(), http.MethodGet, path, nil); err != nil || after.Header.Get("ETag") == set.Header.Get("ETag") {
			t.Fatalf("with the synonym, the search finds %q, %v", got, err)
		}
	}
	t.Fatalf("other tests changed the synonyms each of %d times", tries)
}
