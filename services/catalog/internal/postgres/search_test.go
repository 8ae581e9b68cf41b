package postgres_test

import (
	"slices"
	"testing"

	"souk/services/catalog/internal/catalog"
)

// pages returns the IDs of a list, read page by page.
func pages(t *testing.T, s *catalog.Service, q catalog.Query) (ids []string) {
	t.Helper()
	q.Limit = 100
	for cursor := ""; ; {
		page, err := s.List(t.Context(), q, cursor, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Products {
			ids = append(ids, p.ID)
		}
		if !page.More {
			return ids
		}
		cursor = page.Cursors[len(page.Cursors)-1]
	}
}

func TestASearchRanksTheNewestThousandAndThenListsTheOlderOnes(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	exec(t, pool, price)
	fill(t, pool, 1500)
	newest := pages(t, s, catalog.Query{Text: "metal", Sort: catalog.Newest})
	found := pages(t, s, catalog.Query{Text: "metal"})
	if len(newest) != 1500 || len(found) != 1500 {
		t.Fatalf("%d by newest and %d by relevance, want 1500", len(newest), len(found))
	}
	if !slices.Equal(found[1000:], newest[1000:]) {
		t.Error("after the newest 1,000, the others are not listed by newest")
	}
	slices.Sort(found)
	slices.Sort(newest)
	if !slices.Equal(found, newest) {
		t.Error("the search leaves products out or lists one twice")
	}
	page, err := s.List(t.Context(), catalog.Query{Text: "metal"}, "", true)
	if err != nil || len(page.Facets) != 2 || len(page.Facets[0].Values) != 50 || page.Facets[0].Values[0].Count != 20 {
		t.Errorf("facets %+v, %v; want 20 products in each of 50 categories", page.Facets, err)
	}
}

func TestASearchWithAThousandMatchesEndsThere(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	exec(t, pool, price)
	fill(t, pool, 1000)
	if found := pages(t, s, catalog.Query{Text: "metal"}); len(found) != 1000 {
		t.Errorf("%d found, want 1000", len(found))
	}
}
