package catalog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// suggested returns the texts of suggestions; those of products have a slash and the slug.
func suggested(t *testing.T, s *catalog.Service, text string) string {
	t.Helper()
	suggestions, err := s.Suggest(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, found := range suggestions {
		if found.Product != nil {
			found.Text += "/" + found.Product.Slug
		}
		texts = append(texts, found.Text)
	}
	return strings.Join(texts, ", ")
}

func TestSuggestionsCompleteTheLastWordAndNameProducts(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, title := range []string{"Brass Lantern", "Brass Lamp", "Ceramic Mug", "Crème Brûlée Dish", "Old Brass Lamp", "Küche"} {
		create(t, s, product(title, 100))
	}
	tagged := product("Candle Holder", 100)
	tagged.Tags, tagged.Description = []string{"lantern"}, "For the brasserie."
	create(t, s, tagged)
	for text, want := range map[string]string{
		"brass la": "brass lamp, brass lantern, Brass Lamp/brass-lamp, Brass Lantern/brass-lantern, Old Brass Lamp/old-brass-lamp",
		"BRASS LA": "BRASS lamp, BRASS lantern, Brass Lamp/brass-lamp, Brass Lantern/brass-lantern, Old Brass Lamp/old-brass-lamp",
		"cerami":   "ceramic, Ceramic Mug/ceramic-mug", // longer than the stem
		"creme br": "creme brûlée, Crème Brûlée Dish/crème-brûlée-dish",
		"kueche":   "Küche/küche",
		"lante":    "lantern, Brass Lantern/brass-lantern, Candle Holder/candle-holder",
		"c":        "candle, ceramic, crème, Candle Holder/candle-holder, Ceramic Mug/ceramic-mug, Crème Brûlée Dish/crème-brûlée-dish",
		"candle-h": "candle-holder, Candle Holder/candle-holder",
		"elephant": "", "": "", "  ": "", `" ' \ & | ! :*`: "", "%": "", "_": "",
	} {
		if got := suggested(t, s, text); got != want {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
}

func TestTheCommonestOfManyWordsAreSuggested(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 30 {
		create(t, s, product("Co"+strings.Repeat(string(rune('a'+i%26)), 1+i/26)+" Lamp", 100))
	}
	for i := range 3 {
		create(t, s, product(fmt.Sprintf("Cover Number %d", i), 100))
	}
	if err := s.CountTitles(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := suggested(t, s, "co"); !strings.HasPrefix(got, "cover, coa, ") {
		t.Errorf("%s, want cover first, because most titles have it", got)
	}
}

func TestThereAreAtMostEightSuggestions(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 12 {
		create(t, s, product(fmt.Sprintf("Lamp Lantern%c", 'a'+i), 100))
	}
	suggestions, err := s.Suggest(t.Context(), "lan")
	if err != nil || len(suggestions) != 8 || suggestions[3].Product != nil || suggestions[4].Product == nil {
		t.Errorf("%+v, %v; want 4 completions and 4 products", suggestions, err)
	}
}

func TestWithdrawnProductsAreNotSuggested(t *testing.T) {
	t.Parallel()
	s := setup(t)
	p := create(t, s, product("Brass Lantern", 100))
	if err := s.Withdraw(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"bra", "b", "brass", "brass lantern"} {
		if got := suggested(t, s, text); got != "" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestSuggestionsForBadTextNameTheField(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, text := range []string{"a\x00", "\xff", strings.Repeat("x", 201), "a\nb"} {
		var invalid *field.Error
		if _, err := s.Suggest(t.Context(), text); !errors.As(err, &invalid) || invalid.Violations[0].Field != "q" {
			t.Errorf("%.10q: %v, want a violation of q", text, err)
		}
	}
}

func TestNoNewProductHasTheSlugOfTheSuggestions(t *testing.T) {
	t.Parallel()
	s := setup(t)
	if p := create(t, s, product("Suggestions", 100)); p.Slug != "suggestions-2" {
		t.Errorf("slug %s, want suggestions-2", p.Slug)
	}
	c := product("Lamp", 100)
	c.Slug = "suggestions"
	if _, err := s.Create(t.Context(), c); !errors.Is(err, catalog.ErrSlugTaken) {
		t.Errorf("%v, want ErrSlugTaken", err)
	}
	imported, err := s.Import(t.Context(), strings.NewReader("Handle,Title,Variant SKU,Variant Price\nsuggestions,Box,BOX,1.00\n"))
	if err != nil || imported.Created != 1 || len(imported.Errors) != 0 {
		t.Fatalf("%+v, %v", imported, err)
	}
	if p, err := s.Product(t.Context(), "suggestions-3"); err != nil || p.Title != "Box" {
		t.Errorf("%+v, %v", p, err)
	}
}
