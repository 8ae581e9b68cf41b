package catalog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

func TestASlugKeepsTheLettersOfItsTitle(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, test := range []struct{ title, want string }{
		{"Самовар", "самовар"}, {"茶器", "茶器"}, {"Crème brûlée & co.", "crème-brûlée-co"}, {"Cre\u0300me", "crème"}, {"GROẞE Straße", "große-straße"},
		{"İstanbul", "istanbul"}, {"हिन्दी किताब", "हिन्दी-किताब"}, {"شاي أخضر", "شاي-أخضر"}, {"٢٥ مم", "٢٥-مم"}, {"Ёлка №5", "ёлка-5"},
		{"❤\ufe0f Mug", "mug"}, {"★ ★", "product"}, {"❤\ufe0f", "product-2"}, {"\u3164", "product-3"}, {"茶器", "茶器-2"}, {"-", "product-4"},
	} {
		c := product(test.title, 100)
		c.Variants[0].SKU = fmt.Sprint("SKU-", i)
		made, err := s.Create(t.Context(), c)
		if err != nil || made.Slug != test.want {
			t.Errorf("%s: slug %q, %v; want %q", test.title, made.Slug, err, test.want)
			continue
		}
		for _, address := range []string{made.Slug, norm.NFD.String(made.Slug)} {
			if found, err := s.Product(t.Context(), address); err != nil || found.ID != made.ID {
				t.Errorf("Product(%+q): %v", address, err)
			}
		}
	}
}

func TestALongSlugIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	s := setup(t)
	title := strings.Repeat("茶", 200)
	for i, want := range []string{strings.Repeat("茶", 120), strings.Repeat("茶", 118) + "-2"} {
		c := product(title, 100)
		c.Variants[0].SKU = fmt.Sprint("TEA-", i)
		if made := create(t, s, c); made.Slug != want {
			t.Errorf("slug of %d characters %s, want %d", utf8.RuneCountInString(made.Slug), made.Slug, utf8.RuneCountInString(want))
		}
	}
}

func TestAGivenSlugMayHaveLettersOfAnyScript(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, test := range []struct{ slug, want string }{
		{"зелёный-чай", "зелёный-чай"}, {"the\u0301-vert", "thé-vert"}, {"茶-2", "茶-2"},
		{"Чай", ""}, {"a b", ""}, {"a--b", ""}, {"-a", ""}, {"★", ""}, {"\u0301a", ""}, {"a\u3164", ""}, {"a\ufe0f", ""}, {strings.Repeat("茶", 121), ""}, {"a\x00", ""}, {"\xff", ""},
	} {
		c := product("Tea", 100)
		c.Slug, c.Variants[0].SKU = test.slug, fmt.Sprint("TEA-", i)
		made, err := s.Create(t.Context(), c)
		var invalid *field.Error
		switch {
		case test.want == "" && (!errors.As(err, &invalid) || invalid.Violations[0].Field != "slug"):
			t.Errorf("%+q: %v, want a violation of slug", test.slug, err)
		case test.want != "" && (err != nil || made.Slug != test.want):
			t.Errorf("%+q: slug %q, %v; want %q", test.slug, made.Slug, err, test.want)
		}
	}
}

func TestCategoriesOfAnyScriptAreKeptApart(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, category := range []string{"Чай", "茶", "Pâté", "Pate", "茶", "हिन्दी"} {
		c := product(fmt.Sprint("Thing ", i), 100)
		c.Category = category
		create(t, s, c)
	}
	for slug, want := range map[string]string{
		"чай": "[Thing 0]", "茶": "[Thing 4 Thing 1]", "pâté": "[Thing 2]", "pa\u0302te\u0301": "[Thing 2]", "pate": "[Thing 3]", "हिन्दी": "[Thing 5]", "pat": "[]", "": "[Thing 5 Thing 4 Thing 3 Thing 2 Thing 1 Thing 0]",
	} {
		page, err := s.List(t.Context(), catalog.Query{Category: slug}, "", true)
		if err != nil || fmt.Sprint(titles(page)) != want {
			t.Errorf("%s: %v, %v; want %s", slug, titles(page), err, want)
		}
	}
	categories, err := s.Categories(t.Context())
	if want := "[{pate Pate 1} {pâté Pâté 1} {чай Чай 1} {हिन्दी हिन्दी 1} {茶 茶 2}]"; err != nil || fmt.Sprint(categories) != want {
		t.Errorf("categories %v, %v; want %s", categories, err, want)
	}
	c := product("Star", 100)
	c.Category = "★"
	var invalid *field.Error
	if _, err := s.Create(t.Context(), c); !errors.As(err, &invalid) || invalid.Violations[0].Field != "category" {
		t.Errorf("a category without letters: %v, want a violation of category", err)
	}
}

// Versions before 1.1 made the slugs of categories of ASCII letters alone.
func TestTheFormerAddressOfACategoryStaysGood(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i := range 3 {
		c := product(fmt.Sprint("Thing ", i), 100)
		c.Category = "Café Ware"
		create(t, s, c)
	}
	query := catalog.Query{Category: "cafe-ware", Limit: 2}
	first, err := s.List(t.Context(), query, "", true)
	if err != nil || len(first.Products) != 2 || !first.More || len(first.Facets[0].Values) != 1 {
		t.Fatalf("%v, %v, %v", titles(first), first.Facets, err)
	}
	second, err := s.List(t.Context(), query, first.Cursors[1], false)
	if err != nil || fmt.Sprint(titles(second)) != "[Thing 0]" {
		t.Errorf("second page: %v, %v; want Thing 0", titles(second), err)
	}
}
