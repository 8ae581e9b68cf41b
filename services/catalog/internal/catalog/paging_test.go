package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// So many products stay as they are while others change.
const steadyProducts, restless = 60, 20

// good returns a product of a kind that each filter of the test selects or not.
func good(name string, i int) catalog.Content {
	c := product(name, int64(100+i%7*50))
	c.Title, c.Brand, c.Category = fmt.Sprintf("Brass lamp %s", name), fmt.Sprint("Brand ", i%2), fmt.Sprintf("Home > Kind %d", i%3)
	c.Variants = []catalog.Variant{variant(name, "Color", []string{"Red", "Blue", "Green"}[i%3], "Size", "M")}
	c.Variants[0].Price = int64(100 + i%7*50)
	return c
}

// pagedQueries has a query for each filter, and for several at once.
func pagedQueries(steady []string) map[string]catalog.Query {
	low, high := int64(150), int64(300)
	red := options("Color", "Red", "Blue")
	return map[string]catalog.Query{
		"all": {}, "a search": {Text: "brass lamp"}, "a category": {Category: "home"}, "categories": {Category: "home-kind-0", OtherCategories: []string{"home-kind-1"}},
		"a brand": {Brand: "Brand 0"}, "brands": {Brand: "Brand 0", OtherBrands: []string{"Brand 1"}}, "from a price": {MinPrice: &low}, "to a price": {MaxPrice: &high},
		"a range": {MinPrice: &low, MaxPrice: &high}, "an option": {Options: []catalog.OptionFilter{red}}, "ids": {IDs: steady},
		"everything": {
			Text: "lamp", Category: "home", Brand: "Brand 0", MinPrice: &low, MaxPrice: &high, Options: []catalog.OptionFilter{red, options("Size", "M")}, IDs: steady,
		},
	}
}

func TestPagesMissAndRepeatNothingWhileProductsChange(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var steady []string
	for i := range steadyProducts {
		steady = append(steady, create(t, s, good(fmt.Sprint("STEADY", i), i)).ID)
	}
	queries := pagedQueries(steady)
	sorts := []catalog.Sort{catalog.ByRelevance, catalog.Newest, catalog.PriceAsc, catalog.PriceDesc, catalog.ByTitle, catalog.AsAsked}
	want := map[string]string{}
	for name, query := range queries {
		want[name] = stay(t, s, query, steady, nil)
	}
	u := &unrest{catalog: s, random: rand.New(rand.NewPCG(1, 2))}
	for name, query := range queries {
		for _, sort := range sorts {
			if query.Sort = sort; sort == catalog.AsAsked && len(query.IDs) == 0 || sort == catalog.ByRelevance && query.Text == "" {
				continue
			}
			if got := stay(t, s, query, steady, func() { u.change(t) }); got != want[name] {
				t.Errorf("%s by %s: listed %s, want %s", name, sort, got, want[name])
			}
		}
	}
	if u.changes < 10*restless {
		t.Errorf("only %d changes", u.changes)
	}
}

// stay pages through a list, and returns how often it has each of the steady products. Between its pages, it calls between.
func stay(t *testing.T, s *catalog.Service, query catalog.Query, steady []string, between func()) string {
	t.Helper()
	query.Limit = 7
	listed := map[string]int{}
	for cursor, more := "", true; more; {
		page, err := s.List(t.Context(), query, cursor, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Products {
			listed[p.ID]++
		}
		if more = page.More; more {
			cursor = page.Cursors[len(page.Cursors)-1]
		}
		if between != nil {
			between()
		}
	}
	var times strings.Builder
	for _, id := range steady {
		fmt.Fprint(&times, listed[id])
	}
	return times.String()
}

// unrest adds, changes, withdraws and restores products, the same ones each time the test runs.
type unrest struct {
	catalog *catalog.Service
	random  *rand.Rand
	made    []string
	changes int
}

// change makes one change of any product but the steady ones.
func (u *unrest) change(t *testing.T) {
	t.Helper()
	u.changes++
	if len(u.made) < restless {
		p := create(t, u.catalog, good(fmt.Sprint("RESTLESS", u.changes), u.changes))
		u.made = append(u.made, p.ID)
		return
	}
	id := u.made[u.random.IntN(restless)]
	if u.random.IntN(3) == 0 {
		if err := u.catalog.Withdraw(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := u.catalog.Restore(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	_, err := u.catalog.Update(t.Context(), id, 0, func(c *catalog.Content) {
		changed := good(c.Variants[0].SKU, u.random.IntN(100))
		changed.Slug, changed.Title = c.Slug, fmt.Sprint(u.random.IntN(1000), " ", changed.Title)
		*c = changed
	})
	if err != nil {
		t.Fatal(err)
	}
}
