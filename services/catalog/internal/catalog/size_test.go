package catalog_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

var (
	editionColors    = []string{"Red", "Blue", "Green", "Ivory", "Pink", "Black", "Silver", "Yellow"}
	editionMaterials = []string{"Cotton", "Glass", "Tin", "Wood", "Paper"}
)

// edition is the i-th product of a shop that sells each title in several editions, with two variants of three options.
func edition(titles []string, i int) (rows [][]string) {
	title, n := titles[i%len(titles)], i/len(titles)
	words := strings.Fields(title)
	color, material := editionColors[(i+n)%len(editionColors)], editionMaterials[(i/3+n)%len(editionMaterials)]
	if n > 0 {
		title += fmt.Sprintf(" %s %d", color, n)
	}
	for j, size := range []string{"Small", "Large"} {
		rows = append(rows, []string{
			fmt.Sprintf("p-%d", i), title, "For the house and the garden, as a present or to keep.", words[0], words[len(words)-1], size, color, material,
			fmt.Sprintf("P-%d-%d", i, j), fmt.Sprintf("%d.%02d", 1+i%90, 50*j),
		})
	}
	return rows
}

// fillWith returns a shop of n products with these titles.
func fillWith(t *testing.T, titles []string, n int) *catalog.Service {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	s := catalog.New(postgres.New(pool), "GBP")
	const most = 20_000 // in a file
	for from := 0; from < n; from += most {
		rows := [][]string{{
			"Handle", "Title", "Body (HTML)", "Vendor", "Type", "Option1 Value", "Option2 Value", "Option3 Value", "Variant SKU", "Variant Price",
			"Option1 Name", "Option2 Name", "Option3 Name",
		}}
		for i := from; i < min(from+most, n); i++ {
			for _, row := range edition(titles, i) {
				rows = append(rows, append(row, "Size", "Color", "Material"))
			}
		}
		var file bytes.Buffer
		if err := csv.NewWriter(&file).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		got, err := s.Import(t.Context(), bytes.NewReader(file.Bytes()))
		if err != nil || got.Created != min(most, n-from) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if err := s.AddUpCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE`); err != nil {
		t.Fatal(err)
	}
	return s
}

// asked are requests of shoppers for a title.
var asked = map[string]func(random *rand.Rand, words []string) (catalog.Query, catalog.Extras){
	"a search for two words": func(random *rand.Rand, words []string) (catalog.Query, catalog.Extras) {
		i := random.IntN(len(words) - 1)
		return catalog.Query{Text: words[i] + " " + words[i+1]}, catalog.Extras{}
	},
	"a search for a word": func(random *rand.Rand, words []string) (catalog.Query, catalog.Extras) {
		return catalog.Query{Text: words[random.IntN(len(words))]}, catalog.Extras{}
	},
	"a search with facets": func(random *rand.Rand, words []string) (catalog.Query, catalog.Extras) {
		i := random.IntN(len(words) - 1)
		return catalog.Query{Text: words[i] + " " + words[i+1]}, catalog.Extras{Facets: true}
	},
	"a category with facets": func(_ *rand.Rand, words []string) (catalog.Query, catalog.Extras) {
		return catalog.Query{Category: catalog.Slugify(words[len(words)-1])}, catalog.Extras{Facets: true}
	},
	"filters": func(random *rand.Rand, words []string) (catalog.Query, catalog.Extras) {
		most := int64(6000)
		return catalog.Query{
			Category: catalog.Slugify(words[len(words)-1]), MaxPrice: &most, Sort: catalog.PriceAsc,
			Options: []catalog.OptionFilter{options("Color", editionColors[random.IntN(8)]), options("Size", "Small")},
		}, catalog.Extras{}
	},
}

// p99 is the 99th percentile of the times of requests for titles.
func p99(t *testing.T, titles []string, request func(ctx context.Context, random *rand.Rand, words []string) error) time.Duration {
	t.Helper()
	const times = 300
	random := rand.New(rand.NewPCG(7, 7))
	var took []time.Duration
	for i := range times + 20 {
		words := strings.Fields(titles[random.IntN(len(titles))])
		start := time.Now()
		if err := request(t.Context(), random, words); err != nil {
			t.Fatal(err)
		}
		if i >= 20 { // the first ones warm up
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// The catalog of a shop with real titles, at 1,000 products and at 100,000. SOUK_TITLES is a folder of invoices in the format of UCI's data
// set Online Retail.
func TestLatencyWithRealTitles(t *testing.T) {
	folder := os.Getenv("SOUK_TITLES")
	if folder == "" {
		t.Skip("SOUK_TITLES names no folder of invoices")
	}
	titles := slices.DeleteFunc(realTitles(t, folder), func(title string) bool {
		words := strings.Fields(title)
		return len(words) < 2 || !strings.ContainsFunc(words[len(words)-1], unicode.IsLetter) // the last one is the category
	})
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] })
	few, many := fillWith(t, titles, 1000), fillWith(t, titles, 100_000)
	for range 3 {
		for name, ask := range asked {
			run := func(s *catalog.Service) time.Duration {
				return p99(t, titles[:1000], func(ctx context.Context, random *rand.Rand, words []string) error {
					q, extras := ask(random, words)
					_, err := s.ListWith(ctx, q, "", extras)
					return err
				})
			}
			small, large := run(few), run(many)
			t.Logf("measured: %s: p99 %v and %v, ratio %.2f", name, small, large, float64(large)/float64(small))
		}
		run := func(s *catalog.Service) time.Duration {
			return p99(t, titles[:1000], func(ctx context.Context, random *rand.Rand, words []string) error {
				_, err := s.Suggest(ctx, words[0]+" "+string([]rune(words[1])[:min(2, len([]rune(words[1])))]))
				return err
			})
		}
		small, large := run(few), run(many)
		t.Logf("measured: suggestions: p99 %v and %v, ratio %.2f", small, large, float64(large)/float64(small))
	}
}
