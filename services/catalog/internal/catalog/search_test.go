package catalog_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"souk/services/catalog/internal/catalog"
)

// rows reads a file of testdata/search without its header.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "search", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(records), err)
	}
	return records[1:]
}

// assorted returns a shop with the products of testdata/search.
func assorted(t *testing.T) *catalog.Service {
	t.Helper()
	s := setup(t)
	var group errgroup.Group
	group.SetLimit(4)
	sell := func(c catalog.Content) {
		group.Go(func() error {
			_, err := s.Create(t.Context(), c)
			return err
		})
	}
	for i, title := range gifts() {
		sell(catalog.Content{Title: title, Variants: []catalog.Variant{{SKU: "GIFT-" + strconv.Itoa(i), Price: 100}}})
	}
	for _, row := range rows(t, "products.csv") {
		c := catalog.Content{Title: row[1], Brand: row[2], Category: row[3], Description: row[5], Variants: []catalog.Variant{{SKU: row[0], Price: 100}}}
		if row[4] != "" {
			c.Tags = []string{row[4]}
		}
		sell(c)
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return s
}

// titlesOf returns the titles on the first page of a search.
func titlesOf(t *testing.T, s *catalog.Service, text string) []string {
	t.Helper()
	page, err := s.List(t.Context(), catalog.Query{Text: text}, "", false)
	if err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return titles(page)
}

func TestSearchesFindTheWantedProduct(t *testing.T) {
	t.Parallel()
	const wanted, bar = 60, 0.92 // 55 of 60
	s := assorted(t)
	table := rows(t, "searches.csv")
	near := 0
	for _, row := range table {
		kind, text, title := row[0], row[1], row[2]
		rank, err := strconv.Atoi(row[3])
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range slices.Compact([]string{text, norm.NFD.String(text)}) {
			got := titlesOf(t, s, form)
			at := slices.Index(got, title) + 1
			if at == 0 || at > rank {
				t.Errorf("%s: %q has %q at rank %d, want %d at most: %q", kind, form, title, at, rank, got)
			}
			if form == text && at > 0 && at <= 3 {
				near++
			}
		}
	}
	t.Logf("measured: %d of %d searches have the wanted product within the first 3", near, len(table))
	if len(table) < wanted || float64(near) < bar*float64(len(table)) {
		t.Errorf("%d of %d within the first 3", near, len(table))
	}
}

// A shopper pastes titles, which have dashes of all kinds.
func TestATitleWithDashesFindsItsProduct(t *testing.T) {
	t.Parallel()
	s := assorted(t)
	dashed := gifts()
	if folder := os.Getenv("SOUK_RETAIL_DATA"); folder != "" {
		dashed = realTitles(t, folder)
		for i, title := range dashed {
			create(t, s, catalog.Content{Title: title, Variants: []catalog.Variant{{SKU: "REAL-" + strconv.Itoa(i), Price: 100}}})
		}
	}
	dashed = slices.DeleteFunc(dashed, func(title string) bool { return !strings.ContainsAny(title, "-–—") })
	start := time.Now()
	for _, title := range dashed {
		if at := slices.Index(titlesOf(t, s, title), title); at < 0 || at > 2 {
			t.Errorf("%q is at rank %d of %q", title, at+1, titlesOf(t, s, title))
		}
	}
	t.Logf("measured: %d titles with dashes, %v for each", len(dashed), time.Since(start)/time.Duration(len(dashed)))
	if len(dashed) < 50 {
		t.Errorf("%d titles, want 50", len(dashed))
	}
}

// One product contains the words by accident. Three are what the shopper means.
func TestAThinResultIsWidened(t *testing.T) {
	t.Parallel()
	s := assorted(t)
	for text, want := range map[string][]string{
		"cermic bowl":          {"Cermic bowl", "Ceramic bowl large", "Ceramic bowl small", "Blue ceramic bowl"},
		"ceramica rectangular": {"Plato de cerámica rectangular", "Bandeja rectangular cerámica blanca", "Fuente rectangular de cerámica", "Mantel"},
		"ceramicas rectangulr": {"Plato de cerámica rectangular", "Bandeja rectangular cerámica blanca", "Fuente rectangular de cerámica", "Mantel"},
	} {
		got := titlesOf(t, s, text)
		for _, title := range want {
			if at := slices.Index(got, title); at < 0 || at >= len(want) {
				t.Errorf("%q: %q is not among the first %d of %q", text, title, len(want), got)
			}
		}
	}
	if got := titlesOf(t, s, `"cermic bowl"`); !slices.Equal(got, []string{"Cermic bowl"}) {
		t.Errorf("quoted: %q", got)
	}
	page, err := s.List(t.Context(), catalog.Query{Text: "cermic bowl", Limit: 2}, "", true)
	if err != nil || !page.More || page.Facets[1].Values[0].Count != 4 {
		t.Fatalf("%v, %+v, %v", titles(page), page.Facets, err)
	}
	rest, err := s.List(t.Context(), catalog.Query{Text: "cermic bowl", Limit: 2}, page.Cursors[1], false)
	if got := append(titles(page), titles(rest)...); err != nil || len(got) != 4 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 4 {
		t.Errorf("two pages: %q, %v", got, err)
	}
}

func TestTitlesAreSortedAsPeopleExpect(t *testing.T) {
	t.Parallel()
	s := setup(t)
	want := []string{"10 cups", "abbey", "Äbbey 2", "Abbot", "Éclair", "egg", "Inn", "İnn", "Öl", "Ozean", "Zebra", "Ёлка", "Жук", "茶器"}
	for i, title := range []string{"Zebra", "茶器", "Éclair", "egg", "Äbbey 2", "abbey", "Abbot", "İnn", "Inn", "Ozean", "Öl", "Жук", "Ёлка", "10 cups"} {
		create(t, s, catalog.Content{Title: title, Variants: []catalog.Variant{{SKU: strconv.Itoa(i), Price: 100}}})
	}
	for limit := 1; limit < 5; limit++ {
		var got []string
		for cursor := ""; ; {
			page, err := s.List(t.Context(), catalog.Query{Sort: catalog.ByTitle, Limit: limit}, cursor, false)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, titles(page)...)
			if !page.More {
				break
			}
			cursor = page.Cursors[len(page.Cursors)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", limit, got, want)
		}
	}
}

func TestUnlistedProductsDoNotCountInASearch(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, title := range []string{"Lantern 1", "Lantern 2", "Lantern 3", "Lantern 4", "Lantern 5"} {
		create(t, s, product(title, 100))
	}
	unlisted := product("Lantern 6", 100)
	unlisted.Status = catalog.Unlisted
	create(t, s, unlisted)
	page, err := s.ListWith(t.Context(), catalog.Query{Text: "lantern"}, "", catalog.Extras{Total: true})
	if err != nil || len(page.Products) != 5 || page.Total.Count != 5 {
		t.Errorf("%d products, %+v, %v; want 5", len(page.Products), page.Total, err)
	}
}

func TestAKnownWordMatchesAsTheBeginningOfKnownWordsAlone(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, title := range []string{"Wood Box", "Wood Bowl", "Wood Tray", "Wood Stool", "Wooden Spoon"} {
		create(t, s, product(title, 100))
	}
	clarinet := product("Clarinet", 100)
	clarinet.Description = "A woodwind instrument."
	create(t, s, clarinet)
	for text, want := range map[string]int{"wood": 5, "woo": 6} {
		page, err := s.ListWith(t.Context(), catalog.Query{Text: text}, "", catalog.Extras{})
		if err != nil || len(page.Products) != want {
			t.Errorf("%s finds %d products, %v; want %d", text, len(page.Products), err, want)
		}
	}
}
