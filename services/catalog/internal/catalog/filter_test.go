package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// variant returns a variant with options, given as names and values.
func variant(sku string, options ...string) catalog.Variant {
	v := catalog.Variant{SKU: sku, Price: 100}
	for i := 0; i < len(options); i += 2 {
		v.Options = append(v.Options, catalog.Option{Name: options[i], Value: options[i+1]})
	}
	return v
}

func options(name string, values ...string) catalog.OptionFilter {
	return catalog.OptionFilter{Name: name, Values: values}
}

// wear creates four products with options, brands and categories.
func wear(t *testing.T, s *catalog.Service) map[string]catalog.Product {
	t.Helper()
	products := map[string]catalog.Product{}
	for i, c := range []catalog.Content{
		{Title: "Shirt", Category: "Tops", Brand: "Atlas", Variants: []catalog.Variant{variant("1", "Color", "Red", "Size", "M"), variant("2", "Color", "Blue", "Size", "L")}},
		{Title: "Coat", Category: "Coats", Brand: "Atlas", Variants: []catalog.Variant{variant("3", "Color", "Red", "Size", "L")}},
		{Title: "Scarf", Category: "Café Ware", Brand: "Oasis", Variants: []catalog.Variant{variant("4", "Größe", `15"`)}},
		{Title: "Rug", Category: "Rugs", Brand: "Nomad", Variants: []catalog.Variant{variant("5")}},
	} {
		c.Variants[0].Price = int64(100 * (i + 1))
		products[c.Title] = create(t, s, c)
	}
	return products
}

func TestFiltersHaveAlternatives(t *testing.T) {
	t.Parallel()
	s := setup(t)
	wear(t, s)
	for name, test := range map[string]struct {
		query catalog.Query
		want  string
	}{
		"two brands":                       {catalog.Query{Brand: "Atlas", OtherBrands: []string{"Nomad"}}, "[Rug Coat Shirt]"},
		"two categories":                   {catalog.Query{Category: "tops", OtherCategories: []string{"rugs"}}, "[Rug Shirt]"},
		"the same and an empty one":        {catalog.Query{Category: "tops", OtherCategories: []string{"tops", ""}}, "[Shirt]"},
		"an empty one first":               {catalog.Query{OtherBrands: []string{"Oasis"}}, "[Scarf]"},
		"a former slug among others":       {catalog.Query{Category: "cafe-ware", OtherCategories: []string{"none"}}, "[Scarf]"},
		"categories of a brand":            {catalog.Query{Brand: "Atlas", Category: "tops", OtherCategories: []string{"rugs"}}, "[Shirt]"},
		"an option":                        {catalog.Query{Options: []catalog.OptionFilter{options("Color", "Red")}}, "[Coat Shirt]"},
		"either value":                     {catalog.Query{Options: []catalog.OptionFilter{options("Color", "Blue", "Green")}}, "[Shirt]"},
		"two options of one variant":       {catalog.Query{Options: []catalog.OptionFilter{options("Color", "Red"), options("Size", "L")}}, "[Coat]"},
		"two options, either value of one": {catalog.Query{Options: []catalog.OptionFilter{options("Size", "L"), options("Color", "Red", "Blue")}}, "[Coat Shirt]"},
		"a name and a value apart":         {catalog.Query{Options: []catalog.OptionFilter{options("Size", "Red")}}, "[]"},
		"letters of any kind":              {catalog.Query{Options: []catalog.OptionFilter{options("Gro\u0308ße", ` 15" `)}}, "[Scarf]"},
		"no value":                         {catalog.Query{Brand: "Nomad", Options: []catalog.OptionFilter{options("Size", "")}}, "[Rug]"},
		"a search":                         {catalog.Query{Text: "shirt", Options: []catalog.OptionFilter{options("Size", "M")}, OtherBrands: []string{"Atlas", "Oasis"}}, "[Shirt]"},
	} {
		page, err := s.ListWith(t.Context(), test.query, "", catalog.Extras{Total: true})
		if err != nil || fmt.Sprint(titles(page)) != test.want {
			t.Errorf("%s: %v, %v; want %s", name, titles(page), err, test.want)
			continue
		}
		if *page.Total != (catalog.Total{Count: int64(len(page.Products))}) {
			t.Errorf("%s: total %+v, want %d", name, *page.Total, len(page.Products))
		}
	}
}

func TestAFilterByOptionsAndPriceIsForOneVariant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	shirt := catalog.Content{Title: "Shirt", Variants: []catalog.Variant{variant("S", "Size", "S"), variant("M", "Size", "M"), variant("L", "Size", "L")}}
	shirt.Variants[0].Price, shirt.Variants[2].Price = 50, 900
	create(t, s, shirt)
	price := func(n int64) *int64 { return &n }
	size := func(values ...string) []catalog.OptionFilter {
		return []catalog.OptionFilter{options("Size", values...)}
	}
	for name, test := range map[string]struct {
		query catalog.Query
		want  string
	}{
		"the size at its price":             {catalog.Query{Options: size("L"), MinPrice: price(900), MaxPrice: price(900)}, "[[L]]"},
		"a large one at the price of small": {catalog.Query{Options: size("L"), MaxPrice: price(100)}, "[]"},
		"a small one at the price of large": {catalog.Query{Options: size("S"), MinPrice: price(100)}, "[]"},
		"either size":                       {catalog.Query{Options: size("S", "M", "L"), MaxPrice: price(100)}, "[[S M]]"},
		"a price alone":                     {catalog.Query{MinPrice: price(100)}, "[[M L]]"},
		"a size alone":                      {catalog.Query{Options: size("M")}, "[[M]]"},
		"none of them":                      {catalog.Query{}, "[[]]"},
	} {
		for _, test.query.Brief = range []bool{false, true} {
			page, err := s.ListWith(t.Context(), test.query, "", catalog.Extras{Total: true})
			if err != nil || fmt.Sprint(page.Matching) != test.want || page.Total.Count != int64(len(page.Products)) {
				t.Errorf("%s: %v, %+v, %v; want %s", name, page.Matching, page.Total, err, test.want)
			}
		}
	}
	page := facets(t, s, catalog.Query{Options: size("M", "L"), MaxPrice: price(100)})
	if got := fmt.Sprint(page.OptionFacets); got != "[{Size [{M M 1} {S S 1}]}]" {
		t.Errorf("sizes up to 100: %s", got)
	}
}

func TestProductsAreListedByTheirIDs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	made := wear(t, s)
	asked := []string{made["Rug"].ID, "no id", uuid.NewString(), strings.ToUpper(made["Shirt"].ID), made["Coat"].ID, made["Rug"].ID}
	query := catalog.Query{IDs: asked}
	page, err := s.List(t.Context(), query, "", false)
	if err != nil || fmt.Sprint(titles(page)) != "[Rug Shirt Coat]" {
		t.Fatalf("%v, %v", titles(page), err)
	}
	query.Limit = 1
	var paged []string
	for cursor, more := "", true; more; {
		page, err := s.ListWith(t.Context(), query, cursor, catalog.Extras{Total: true})
		if err != nil || page.Total.Count != 3 {
			t.Fatal(page.Total, err)
		}
		paged, more, cursor = append(paged, titles(page)...), page.More, page.Cursors[0]
	}
	if fmt.Sprint(paged) != "[Rug Shirt Coat]" {
		t.Errorf("page by page: %v", paged)
	}
	for want, query := range map[string]catalog.Query{
		"[Coat Rug Shirt]": {IDs: asked, Sort: catalog.ByTitle}, "[Coat]": {IDs: asked, Category: "coats"}, "[Rug]": {IDs: asked, Text: "rug"},
		"[]": {IDs: []string{""}},
	} {
		if page, err := s.List(t.Context(), query, "", true); err != nil || fmt.Sprint(titles(page)) != want {
			t.Errorf("%+v: %v, %v; want %s", query, titles(page), err, want)
		}
	}
	if err := s.Withdraw(t.Context(), made["Rug"].ID); err != nil {
		t.Fatal(err)
	}
	if page, err := s.List(t.Context(), catalog.Query{IDs: asked}, "", false); err != nil || fmt.Sprint(titles(page)) != "[Shirt Coat]" {
		t.Errorf("without a withdrawn one: %v, %v", titles(page), err)
	}
}

func TestPagesCoverAFilteredListInEveryOrder(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 9 {
		c := product(fmt.Sprint("Lamp ", i), int64(100*(i%4+1)))
		c.Brand, c.Category = fmt.Sprint("Brand ", i%3), fmt.Sprint("Category ", i%2)
		c.Variants = []catalog.Variant{variant(fmt.Sprint(i), "Color", []string{"Red", "Blue", "Green"}[i%3], "Size", "M")}
		create(t, s, c)
	}
	for _, sort := range []catalog.Sort{catalog.ByRelevance, catalog.Newest, catalog.PriceAsc, catalog.PriceDesc, catalog.ByTitle} {
		query := catalog.Query{
			Text: "lamp", Sort: sort, Brand: "Brand 0", OtherBrands: []string{"Brand 1"}, Category: "category-0", OtherCategories: []string{"category-1"},
			Options: []catalog.OptionFilter{options("Size", "M", "L"), options("Color", "Red", "Blue")},
		}
		whole, err := s.List(t.Context(), query, "", false)
		if err != nil || len(whole.Products) != 6 {
			t.Fatalf("%s: %v, %v", sort, titles(whole), err)
		}
		query.Limit = 2
		var paged []string
		for cursor, more := "", true; more; {
			page, err := s.List(t.Context(), query, cursor, false)
			if err != nil {
				t.Fatal(err)
			}
			paged, more, cursor = append(paged, titles(page)...), page.More, page.Cursors[len(page.Cursors)-1]
		}
		if !slices.Equal(paged, titles(whole)) {
			t.Errorf("%s: %v page by page, %v at once", sort, paged, titles(whole))
		}
	}
}

func TestACursorIsBoundToItsFilters(t *testing.T) {
	t.Parallel()
	s := setup(t)
	made := wear(t, s)
	query := catalog.Query{Brand: "Atlas", OtherBrands: []string{"Oasis"}, Options: []catalog.OptionFilter{options("Color", "Red")}, Limit: 1}
	page, err := s.List(t.Context(), query, "", false)
	if err != nil || !page.More {
		t.Fatal(page, err)
	}
	for name, change := range map[string]func(*catalog.Query){
		"another brand": func(q *catalog.Query) { q.OtherBrands = []string{"Nomad"} }, "one brand": func(q *catalog.Query) { q.OtherBrands = nil },
		"another category": func(q *catalog.Query) { q.OtherCategories = []string{"tops"} }, "no option": func(q *catalog.Query) { q.Options = nil },
		"another value": func(q *catalog.Query) { q.Options = []catalog.OptionFilter{options("Color", "Red", "Blue")} },
		"another name":  func(q *catalog.Query) { q.Options = []catalog.OptionFilter{options("Shade", "Red")} },
		"ids":           func(q *catalog.Query) { q.IDs = []string{made["Coat"].ID} },
	} {
		other := query
		if change(&other); !errors.Is(listError(s.List(t.Context(), other, page.Cursors[0], false)), catalog.ErrBadCursor) {
			t.Errorf("%s: the cursor is accepted", name)
		}
	}
	if page, err := s.List(t.Context(), query, page.Cursors[0], false); err != nil || fmt.Sprint(titles(page)) != "[Shirt]" {
		t.Errorf("the next page: %v, %v", titles(page), err)
	}
}

func listError(_ catalog.Page, err error) error { return err }

func TestErrorsOfInvalidFiltersNameTheFields(t *testing.T) {
	t.Parallel()
	s := setup(t)
	many := func(n int) (values []string) {
		for i := range n {
			values = append(values, fmt.Sprint(i))
		}
		return values
	}
	var names []catalog.OptionFilter
	for _, name := range many(11) {
		names = append(names, options(name, "x"))
	}
	long := strings.Repeat("x", 101)
	for name, test := range map[string]struct {
		field string
		query catalog.Query
	}{
		"many brands":     {"brand", catalog.Query{OtherBrands: many(21)}},
		"a bad brand":     {"brand", catalog.Query{Brand: "Atlas", OtherBrands: []string{"a\x00"}}},
		"many categories": {"category", catalog.Query{OtherCategories: many(21)}},
		"many ids":        {"ids", catalog.Query{IDs: many(101)}},
		"many values":     {"option.Size", catalog.Query{Options: []catalog.OptionFilter{options("Size", many(21)...)}}},
		"a bad value":     {"option.Size", catalog.Query{Options: []catalog.OptionFilter{options("Size", "a\nb")}}},
		"a long value":    {"option.Size", catalog.Query{Options: []catalog.OptionFilter{options("Size", long)}}},
		"a long name":     {"option." + long, catalog.Query{Options: []catalog.OptionFilter{options(long, "x")}}},
		"no name":         {"option.*", catalog.Query{Options: []catalog.OptionFilter{options(" ", "x")}}},
		"a name twice":    {"option.Size", catalog.Query{Options: []catalog.OptionFilter{options("Size", "S"), options("Size ", "M")}}},
		"many names":      {"option.*", catalog.Query{Options: names}},
	} {
		var invalid *field.Error
		if _, err := s.List(t.Context(), test.query, "", false); !errors.As(err, &invalid) || invalid.Violations[0].Field != test.field {
			t.Errorf("%s: %v, want a violation of %s", name, err, test.field)
		}
	}
}
