package postgres_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
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

func TestASearchRanksTheNewestAndThenListsTheOlderOnes(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	fill(t, pool, 1500)
	newest := pages(t, s, catalog.Query{Text: "metal", Sort: catalog.Newest})
	found := pages(t, s, catalog.Query{Text: "metal"})
	if len(newest) != 1500 || len(found) != 1500 {
		t.Fatalf("%d by newest and %d by relevance, want 1500", len(newest), len(found))
	}
	if !slices.Equal(found[300:], newest[300:]) {
		t.Error("after the newest 300, the others are not listed by newest")
	}
	slices.Sort(found)
	slices.Sort(newest)
	if !slices.Equal(found, newest) {
		t.Error("the search leaves products out or lists one twice")
	}
	page, err := s.List(t.Context(), catalog.Query{Text: "metal"}, "", true)
	if err != nil || len(page.Facets) != 2 || len(page.Facets[0].Values) != 50 || page.Facets[0].Values[0].Count != 6 {
		t.Errorf("facets %+v, %v; want 6 products in each of 50 categories", page.Facets, err)
	}
}

func TestASearchWithAsManyMatchesAsAreRankedEndsThere(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	fill(t, pool, 300)
	if found := pages(t, s, catalog.Query{Text: "metal"}); len(found) != 300 {
		t.Errorf("%d found, want 300", len(found))
	}
}

func TestASearchMissesAndRepeatsNothingWhileOthersAreAddedAndWithdrawn(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	fill(t, pool, 1500)
	// The first page ranks those after the 1,200th. The ones around there are the best.
	exec(t, pool, `UPDATE products SET plain_title = 'metal' WHERE id BETWEEN lpad(to_hex(1100), 32, '0')::uuid AND lpad(to_hex(1220), 32, '0')::uuid`)
	q := catalog.Query{Text: "metal", Limit: 100}
	seen, pages := map[string]int{}, 0
	for cursor, more := "", true; more; {
		page, err := s.List(t.Context(), q, cursor, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Products {
			seen[p.ID]++
		}
		more, cursor = page.More, page.Cursors[len(page.Cursors)-1]
		if withdrawing := pages < 2; withdrawing { // older ones would be among the newest 300 now
			for _, p := range page.Products[60:] {
				if err := s.Withdraw(t.Context(), p.ID); err != nil {
					t.Fatal(err)
				}
			}
		} else if pages < 6 { // and no longer
			for _, p := range page.Products[:60] {
				content := catalog.Content{Title: "Metal " + p.ID, Variants: []catalog.Variant{{SKU: p.ID, Price: 100}}}
				if _, err := s.Create(t.Context(), content); err != nil {
					t.Fatal(err)
				}
			}
		}
		pages++
	}
	first := 0
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s was listed %d times", id, times)
		}
		if strings.HasPrefix(id, "00000000-0000-0000-0000-") {
			first++
		}
	}
	if first != 1500 || pages < 15 {
		t.Errorf("%d pages have %d of the 1,500 products that were there at first", pages, first)
	}
}

func TestAPositionOfTheVersionBeforeGoesOn(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	fill(t, pool, 1200)
	page, err := s.List(t.Context(), catalog.Query{Text: "metal", Limit: 50}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	q := catalog.Query{Text: "metal", Limit: 50, Sort: catalog.ByRelevance}
	list, err := postgres.New(pool).List(t.Context(), after(q, page.Products[49].ID, keyOf(t, page.Cursors[49])), catalog.Extras{})
	if err != nil || len(list.Products) != 51 {
		t.Errorf("%d products, %v", len(list.Products), err)
	}
}

func TestPositionsThatNoPageHasGivenAreRefused(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	fill(t, pool, 30)
	page, err := s.List(t.Context(), catalog.Query{Text: "metal", Limit: 5}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	id, key := page.Products[4].ID, keyOf(t, page.Cursors[4])
	for name, position := range map[string]catalog.Position{
		"a rank that is no number": {Key: "high", ID: id},
		"a time that is none":      {Key: "older soon", ID: id},
		"an oldest one of no time": {Key: key, ID: id, Oldest: "soon / " + id},
		"an oldest one without ID": {Key: key, ID: id, Oldest: "2026-01-01T00:00:00Z / x"},
		"a rank that is too high":  {Key: "1e999", ID: id},
	} {
		q := catalog.Query{Text: "metal", Limit: 5, Sort: catalog.ByRelevance, After: &position}
		if _, err := postgres.New(pool).List(t.Context(), q, catalog.Extras{}); !errors.Is(err, catalog.ErrBadCursor) {
			t.Errorf("%s: %v, want ErrBadCursor", name, err)
		}
	}
}

// keyOf returns the key in a cursor.
func keyOf(t *testing.T, cursor string) string {
	t.Helper()
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	var content struct {
		Key string `json:"k"`
	}
	if err := json.Unmarshal(plain, &content); err != nil {
		t.Fatal(err)
	}
	return content.Key
}

func after(q catalog.Query, id, key string) catalog.Query {
	q.After = &catalog.Position{Key: key, ID: id}
	return q
}
