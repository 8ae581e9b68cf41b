package catalog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func facets(t *testing.T, s *catalog.Service, q catalog.Query) catalog.Page {
	t.Helper()
	page, err := s.List(t.Context(), q, "", true)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestAFacetDoesNotRespectItsOwnFilter(t *testing.T) {
	t.Parallel()
	s := setup(t)
	wear(t, s)
	const all = "{category [{café-ware Café Ware 1} {coats Coats 1} {rugs Rugs 1} {tops Tops 1}]}"
	price := int64(50)
	for name, test := range map[string]struct {
		query catalog.Query
		want  string
	}{
		"a brand":               {catalog.Query{Brand: "Oasis"}, "[{category [{café-ware Café Ware 1}]} {brand [{Atlas Atlas 2} {Nomad Nomad 1} {Oasis Oasis 1}]}]"},
		"a category":            {catalog.Query{Category: "tops"}, "[" + all + " {brand [{Atlas Atlas 1}]}]"},
		"two categories":        {catalog.Query{Category: "tops", OtherCategories: []string{"rugs"}}, "[" + all + " {brand [{Atlas Atlas 1} {Nomad Nomad 1}]}]"},
		"a category and price":  {catalog.Query{Category: "tops", MinPrice: &price}, "[" + all + " {brand [{Atlas Atlas 1}]}]"},
		"a brand and an option": {catalog.Query{Brand: "Nomad", Options: []catalog.OptionFilter{options("Color", "Red")}}, "[{category []} {brand [{Atlas Atlas 2}]}]"},
		"both":                  {catalog.Query{Category: "tops", Brand: "Nomad"}, "[{category [{rugs Rugs 1}]} {brand [{Atlas Atlas 1}]}]"},
	} {
		if got := fmt.Sprint(facets(t, s, test.query).Facets); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestOptionsAreCounted(t *testing.T) {
	t.Parallel()
	s := setup(t)
	wear(t, s)
	for name, test := range map[string]struct {
		query catalog.Query
		want  string
	}{
		"all": {catalog.Query{}, `[{Color [{Red Red 2} {Blue Blue 1}]} {Size [{L L 2} {M M 1}]} {Größe [{15" 15" 1}]}]`},
		"by an option": {
			catalog.Query{Options: []catalog.OptionFilter{options("Color", "Blue")}}, "[{Color [{Red Red 2} {Blue Blue 1}]} {Size [{L L 1}]}]",
		},
		"by two options of one variant": {
			catalog.Query{Options: []catalog.OptionFilter{options("Color", "Red"), options("Size", "L")}}, "[{Color [{Blue Blue 1} {Red Red 1}]} {Size [{L L 1} {M M 1}]}]",
		},
		"by brand":  {catalog.Query{Brand: "Oasis"}, `[{Größe [{15" 15" 1}]}]`},
		"a search":  {catalog.Query{Text: "coat"}, "[{Color [{Red Red 1}]} {Size [{L L 1}]}]"},
		"no match":  {catalog.Query{Text: "elephant"}, "[]"},
		"no option": {catalog.Query{Brand: "Nomad"}, "[]"},
	} {
		if got := fmt.Sprint(facets(t, s, test.query).OptionFacets); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestPriceRangesCountTheProductsThatTheyFilter(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 30 {
		c := product(fmt.Sprint("Thing ", i), int64(37*i*i+90))
		c.Variants = append(c.Variants, catalog.Variant{SKU: fmt.Sprint("DEAR-", i), Price: int64(40*i*i + 5000)})
		create(t, s, c)
	}
	ranges := facets(t, s, catalog.Query{}).PriceRanges
	if len(ranges) < 3 || ranges[0].Min != 0 || ranges[len(ranges)-1].Max != nil {
		t.Fatalf("%+v", ranges)
	}
	for _, r := range ranges {
		page, err := s.ListWith(t.Context(), catalog.Query{MinPrice: &r.Min, MaxPrice: r.Max}, "", catalog.Extras{Total: true, Facets: true})
		if err != nil || page.Total.Count != r.Count || r.Count == 0 {
			t.Errorf("%+v finds %+v, %v", r, page.Total, err)
		}
		if len(page.PriceRanges) != len(ranges) {
			t.Errorf("filtered by price, there are %d ranges, want %d", len(page.PriceRanges), len(ranges))
		}
	}
	for _, text := range []string{"thing-7", "elephant"} {
		if ranges := facets(t, s, catalog.Query{Text: text}).PriceRanges; len(ranges) != 0 {
			t.Errorf("%s: %+v, want no ranges", text, ranges)
		}
	}
}

func TestVariantsAreCountedByTheirOptionsAndPrices(t *testing.T) {
	t.Parallel()
	s := setup(t)
	made := wear(t, s)
	draft := catalog.Content{Title: "Hat", Status: catalog.Draft, Variants: []catalog.Variant{variant("6", "Color", "Red")}}
	create(t, s, draft)
	for name, test := range map[string]struct {
		skus []string
		want string
	}{
		"of two products":        {[]string{"2", "3", "3"}, "[{Color [{Blue Blue 1} {Red Red 1}]} {Size [{L L 2}]}] 2"},
		"of one product":         {[]string{"1", "2"}, "[{Color [{Blue Blue 1} {Red Red 1}]} {Size [{L L 1} {M M 1}]}] 0"},
		"without an option":      {[]string{"5"}, "[] 0"},
		"of a draft and unknown": {[]string{"6", "none", ""}, "[] 0"},
		"none":                   {nil, "[] 0"},
	} {
		options, prices, err := s.VariantFacets(t.Context(), test.skus)
		if got := fmt.Sprint(options, " ", len(prices)); err != nil || got != test.want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, test.want)
		}
	}
	if err := s.Withdraw(t.Context(), made["Coat"].ID); err != nil {
		t.Fatal(err)
	}
	if options, _, err := s.VariantFacets(t.Context(), []string{"3"}); err != nil || len(options) > 0 {
		t.Errorf("of a withdrawn product: %v, %v", options, err)
	}
	_, _, err := s.VariantFacets(t.Context(), make([]string, 20_001))
	var invalid *field.Error
	if !errors.As(err, &invalid) || invalid.Violations[0].Field != "skus" {
		t.Errorf("too many: %v", err)
	}
}

// The index in which options are counted has no room for more.
func TestProductsWithManyLongOptionsAreCountedToo(t *testing.T) {
	t.Parallel()
	s := setup(t)
	random := rand.New(rand.NewPCG(1, 2))
	long := func(n int) string { // cannot be compressed, four bytes a letter
		letters := make([]rune, n)
		for i := range letters {
			letters[i] = 0x20000 + random.Int32N(40_000)
		}
		return string(letters)
	}
	category := long(100)
	for _, n := range []int{60, 300} { // the first product just fits
		c := catalog.Content{Title: fmt.Sprint("Thing ", n), Category: category, Brand: long(100)}
		for i := range n {
			v := variant(fmt.Sprintf("S%d-%d", n, i), "A", long(100), "B", long(100), "C", long(100))
			if n == 60 && i > 0 {
				v.Options = c.Variants[0].Options
			}
			v.Price = int64(1000*n + i)
			c.Variants = append(c.Variants, v)
		}
		create(t, s, c)
	}
	page := facets(t, s, catalog.Query{Category: catalog.Slugify(category)})
	if len(page.OptionFacets) != 3 || len(page.OptionFacets[0].Values) != 50 || len(page.PriceRanges) != 2 {
		t.Errorf("%d options, %d values, %d prices; want 3, the maximum of 50, and 2", len(page.OptionFacets), len(page.OptionFacets[0].Values), len(page.PriceRanges))
	}
	last := page.OptionFacets[0].Values[0].Value
	found, err := s.List(t.Context(), catalog.Query{Options: []catalog.OptionFilter{options("A", last)}}, "", false)
	if err != nil || len(found.Products) != 1 {
		t.Errorf("%d products with the option, %v", len(found.Products), err)
	}
}
