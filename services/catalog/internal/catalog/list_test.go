package catalog_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func TestPagesCoverTheListInEveryOrder(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 7 {
		c := product(fmt.Sprintf("Lamp %c", 'A'+(i*3)%7), int64(100*(i%3+1)))
		c.Description = strings.Repeat("lamp ", i)
		create(t, s, c)
	}
	for _, sort := range []catalog.Sort{catalog.ByRelevance, catalog.Newest, catalog.PriceAsc, catalog.PriceDesc, catalog.ByTitle} {
		query := catalog.Query{Text: "lamp", Sort: sort, Limit: 100}
		whole, err := s.List(t.Context(), query, "", false)
		if err != nil || len(whole.Products) != 7 || whole.More {
			t.Fatalf("%s: %d products, more %v, %v", sort, len(whole.Products), whole.More, err)
		}
		query.Limit = 3
		var paged []string
		cursor := ""
		for {
			page, err := s.List(t.Context(), query, cursor, false)
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, titles(page)...)
			if !page.More {
				break
			}
			cursor = page.Cursors[len(page.Cursors)-1]
		}
		if !slices.Equal(paged, titles(whole)) {
			t.Errorf("%s: pages give %v, the whole is %v", sort, paged, titles(whole))
		}
	}
	byTitle, err := s.List(t.Context(), catalog.Query{Sort: catalog.ByTitle}, "", false)
	if err != nil || !slices.IsSorted(titles(byTitle)) {
		t.Errorf("by title: %v, %v", titles(byTitle), err)
	}
}

func TestACursorIsValidForItsQueryOnly(t *testing.T) {
	t.Parallel()
	s := setup(t)
	create(t, s, product("Lamp", 100))
	create(t, s, product("Rug", 200))
	page, err := s.List(t.Context(), catalog.Query{Sort: catalog.PriceAsc, Limit: 1}, "", false)
	if err != nil || !page.More {
		t.Fatal(page.More, err)
	}
	bad := []string{"x", "%%%", strings.Repeat("a", 3000), "eyJrIjoieCJ9"}
	for _, cursor := range bad {
		if _, err := s.List(t.Context(), catalog.Query{Sort: catalog.PriceAsc}, cursor, false); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("cursor %.20q: %v, want ErrBadCursor", cursor, err)
		}
	}
	if _, err := s.List(t.Context(), catalog.Query{Sort: catalog.Newest}, page.Cursors[0], false); !errors.Is(err, catalog.ErrBadCursor) {
		t.Errorf("a cursor of another sort: %v, want ErrBadCursor", err)
	}
}

func TestFiltersAndFacets(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, category := range []string{"Café Ware", "Café Ware", "Rugs"} {
		c := product(fmt.Sprintf("Thing %d", i), int64(1000*(i+1)))
		c.Category, c.Brand = category, []string{"Atlas", "Oasis"}[i%2]
		create(t, s, c)
	}
	low, high := int64(1500), int64(2500)
	for want, query := range map[string]catalog.Query{
		"[Thing 1 Thing 0]": {Category: "café-ware"},
		"[Thing 2 Thing 0]": {Brand: "Atlas"},
		"[Thing 1]":         {MinPrice: &low, MaxPrice: &high},
		"[]":                {Text: "nothing of the kind"},
		"[Thing 2]":         {Text: "rugs"},
	} {
		page, err := s.List(t.Context(), query, "", true)
		if err != nil || fmt.Sprint(titles(page)) != want {
			t.Errorf("%+v: %v, %v; want %s", query, titles(page), err, want)
		}
	}
	page, err := s.List(t.Context(), catalog.Query{Limit: 1}, "", true)
	if want := "[{category [{café-ware Café Ware 2} {rugs Rugs 1}]} {brand [{Atlas Atlas 2} {Oasis Oasis 1}]}]"; err != nil || fmt.Sprint(page.Facets) != want {
		t.Errorf("facets = %v, %v; want %s", page.Facets, err, want)
	}
	categories, err := s.Categories(t.Context())
	if want := "[{café-ware Café Ware 2} {rugs Rugs 1}]"; err != nil || fmt.Sprint(categories) != want {
		t.Errorf("categories = %v, %v; want %s", categories, err, want)
	}
	var invalid *field.Error
	if _, err := s.List(t.Context(), catalog.Query{MinPrice: &high, MaxPrice: &low}, "", false); !errors.As(err, &invalid) || invalid.Violations[0].Field != "min_price" {
		t.Errorf("min above max: %v, want a violation of min_price", err)
	}
}

func TestAModifiedCursorIsRefused(t *testing.T) {
	t.Parallel()
	s := setup(t)
	create(t, s, product("Lamp", 100))
	query := catalog.Query{Sort: catalog.PriceAsc}
	page, err := s.List(t.Context(), query, "", false)
	if err != nil {
		t.Fatal(err)
	}
	good := page.Cursors[0]
	plain, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	for old, changed := range map[string]string{`"k":"100"`: `"k":"999"`, `"k":"100"` + ",": `"k":"x",`, `"v":1`: `"v":2`, `{`: `{ `} {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), old, changed, 1)))
		if cursor == good {
			t.Fatalf("%s does not hold %s", plain, old)
		}
		if _, err := s.List(t.Context(), query, cursor, false); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("with %s: %v, want ErrBadCursor", changed, err)
		}
	}
	low := int64(50)
	for name, other := range map[string]catalog.Query{
		"text": {Sort: catalog.PriceAsc, Text: "lamp"}, "category": {Sort: catalog.PriceAsc, Category: "x"},
		"brand": {Sort: catalog.PriceAsc, Brand: "x"}, "price": {Sort: catalog.PriceAsc, MinPrice: &low},
	} {
		if _, err := s.List(t.Context(), other, good, false); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("the cursor in a query of another %s: %v, want ErrBadCursor", name, err)
		}
	}
	query.Limit = 7
	if rest, err := s.List(t.Context(), query, good, false); err != nil || len(rest.Products) != 0 {
		t.Errorf("another limit: %v, %v; want an empty page", titles(rest), err)
	}
}

func TestACursorOfTheLongestTitleFitsInARequest(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const gatewayLimit = 2000
	for i, letter := range []string{"<", "\u2028", "𝄞"} {
		c := product("x"+strings.Repeat(letter, 199), 1)
		c.Slug, c.Variants[0].SKU = fmt.Sprint("long-", i), fmt.Sprint(i)
		create(t, s, c)
	}
	query := catalog.Query{Sort: catalog.ByTitle}
	page, err := s.List(t.Context(), query, "", false)
	if err != nil || len(page.Cursors) != 3 {
		t.Fatal(page, err)
	}
	for i, cursor := range page.Cursors {
		rest, err := s.List(t.Context(), query, cursor, false)
		if err != nil || len(rest.Products) != 2-i || len(cursor) > gatewayLimit {
			t.Errorf("after %d: %d products, %v, cursor of %d", i, len(rest.Products), err, len(cursor))
		}
	}
}

func TestSearchFindsWordsPrefixesAndMisspellings(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for title, tag := range map[string]string{"Brass Lantern": "light", "Candle Holder": "brass", "Wool Rug": "85123A-255", "Mug": "or"} {
		c := product(title, 100)
		c.Tags = []string{tag}
		create(t, s, c)
	}
	for text, want := range map[string]string{
		"lanterns":               "[Brass Lantern]",
		"brass":                  "[Brass Lantern Candle Holder]", // a match in the title weighs more than one in a tag
		"lan":                    "[Brass Lantern]",
		"brass lan":              "[Brass Lantern]",
		"brass ho":               "[Candle Holder]",
		"brass -holder":          "[Brass Lantern]",
		`"wool rug"`:             "[Wool Rug]",
		`"rug wool"`:             "[]",
		"mug or rug":             "[Mug Wool Rug]",
		"85123A-255":             "[Wool Rug]",
		"MUG":                    "[Mug]",
		"holdre":                 "[Candle Holder]", // misspelled
		"cndle holder":           "[Candle Holder]",
		"brass -lantern -holder": "[]", // and no similar titles are searched
		"elephant":               "[]",
		"the":                    "[]",
		`" ' \ & | ! :*`:         "[]",
		"x:* & (":                "[]",
	} {
		page, err := s.List(t.Context(), catalog.Query{Text: text}, "", false)
		got := titles(page)
		if text == "mug or rug" {
			slices.Sort(got)
		}
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestAPriceRangeMatchesIfOneVariantIsInside(t *testing.T) {
	t.Parallel()
	s := setup(t)
	c := product("Lamp", 100)
	c.Variants = append(c.Variants, catalog.Variant{SKU: "BIG", Price: 900})
	create(t, s, c)
	for _, test := range []struct{ low, high, want int64 }{{0, 100, 1}, {101, 899, 0}, {900, 1000, 1}, {901, 1000, 0}} {
		page, err := s.List(t.Context(), catalog.Query{MinPrice: &test.low, MaxPrice: &test.high}, "", false)
		if err != nil || int64(len(page.Products)) != test.want {
			t.Errorf("%d to %d: %v, %v; want %d", test.low, test.high, titles(page), err, test.want)
		}
	}
}

func TestErrorsOfAnInvalidQueryNameTheFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	negative := int64(-1)
	for want, query := range map[string]catalog.Query{
		"limit": {Limit: 101}, "q": {Text: "a\x00"}, "category": {Category: "\xff"}, "brand": {Brand: strings.Repeat("x", 101)},
		"min_price": {MinPrice: &negative}, "max_price": {MaxPrice: &negative},
	} {
		var invalid *field.Error
		if _, err := s.List(t.Context(), query, "", false); !errors.As(err, &invalid) || invalid.Violations[0].Field != want {
			t.Errorf("%+v: %v, want a violation of %s", query, err, want)
		}
	}
}
