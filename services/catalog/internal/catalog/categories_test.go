package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// outline returns a tree as text, for example "Home 2 (home: Lamps 1 (home-lamps))".
func outline(nodes []*catalog.CategoryNode) string {
	var parts []string
	for _, n := range nodes {
		inside := n.Slug
		if len(n.Children) > 0 {
			inside += ": " + outline(n.Children)
		}
		parts = append(parts, fmt.Sprintf("%s %d (%s)", n.Name, n.Products, inside))
	}
	return strings.Join(parts, ", ")
}

func TestCategoriesAreATree(t *testing.T) {
	t.Parallel()
	for want, stored := range map[string][]catalog.Category{
		"":                    nil,
		"Home 3 (home)":       {{Slug: "home", Name: "Home", Products: 3}},
		"Tea & Co 1 (tea-co)": {{Slug: "tea-co", Name: "Tea & Co", Products: 1}},
		"Home 3 (home: Lamps 2 (home-lamps))": {
			{Slug: "home", Name: "Home", Products: 1}, {Slug: "home-lamps", Name: "Home > Lamps", Products: 2},
		},
		"Home 3 (home: Lamps 3 (home-lamps: Desk 2 (home-lamps-desk), Floor 1 (home-lamps-floor)))": {
			{Slug: "home-lamps-desk", Name: "Home > Lamps > Desk", Products: 2}, {Slug: "home-lamps-floor", Name: "Home > Lamps > Floor", Products: 1},
		},
		"Home 1 (home)": {{Slug: "home", Name: "Home > ★", Products: 1}},
		"Home Garden 1 (home-garden), Home 1 (home: Rugs 1 (home-rugs))": {
			{Slug: "home-garden", Name: "Home Garden", Products: 1}, {Slug: "home-rugs", Name: "Home>Rugs", Products: 1},
		},
	} {
		if got := outline(catalog.TreeOf(stored)); got != want {
			t.Errorf("the tree of %v is %s, want %s", stored, got, want)
		}
	}
}

func TestACategoryContainsTheProductsOfItsChildren(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for i, category := range []string{"Home", " Home>Lamps ", "Home > Lamps > Desk", "Home Garden", "Homes > Lamps", "Café Ware > Cups"} {
		c := product(fmt.Sprintf("Thing %d", i), 100)
		c.Category, c.Brand = category, "Oasis"
		create(t, s, c)
	}
	for query, want := range map[string]string{
		"home":               "[Thing 0 Thing 1 Thing 2]",
		"home-lamps":         "[Thing 1 Thing 2]",
		"home-lamps-desk":    "[Thing 2]",
		"home-garden":        "[Thing 3]",
		"homes":              "[Thing 4]",
		"home-garden, homes": "[Thing 3 Thing 4]",
		"home, home-lamps":   "[Thing 0 Thing 1 Thing 2]",
		"café-ware":          "[Thing 5]",
		"cafe-ware-cups":     "[Thing 5]",
		"lamps":              "[]",
	} {
		slugs := strings.Split(query, ", ")
		asked := catalog.Query{Category: slugs[0], OtherCategories: slugs[1:], Sort: catalog.ByTitle, Limit: 1}
		var got []string
		cursor := ""
		for {
			page, err := s.List(t.Context(), asked, cursor, true)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, titles(page)...)
			if !page.More {
				break
			}
			cursor = page.Cursors[0]
		}
		if fmt.Sprint(got) != want {
			t.Errorf("in %s: %v, want %s", query, got, want)
		}
	}
	page, err := s.ListWith(t.Context(), catalog.Query{Category: "home"}, "", catalog.Extras{Facets: true, Total: true})
	if err != nil || page.Total.Count != 3 || fmt.Sprint(page.Facets[1]) != "{brand [{Oasis Oasis 3}]}" {
		t.Errorf("in home: total %+v, facets %v, %v", page.Total, page.Facets, err)
	}
}
