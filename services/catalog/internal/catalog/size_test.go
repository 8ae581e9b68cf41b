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
	const times, warmUp = 300, 20
	random := rand.New(rand.NewPCG(7, 7))
	var took []time.Duration
	for i := range times + warmUp {
		words := strings.Fields(titles[random.IntN(len(titles))])
		start := time.Now()
		if err := request(t.Context(), random, words); err != nil {
			t.Fatal(err)
		}
		if i >= warmUp {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// requests returns the requests of asked, and those for suggestions.
func requests(s *catalog.Service) map[string]func(ctx context.Context, random *rand.Rand, words []string) error {
	all := map[string]func(ctx context.Context, random *rand.Rand, words []string) error{
		"suggestions": func(ctx context.Context, _ *rand.Rand, words []string) error {
			second := []rune(words[1])
			_, err := s.Suggest(ctx, words[0]+" "+string(second[:min(2, len(second))]))
			return err
		},
	}
	for name, ask := range asked {
		all[name] = func(ctx context.Context, random *rand.Rand, words []string) error {
			q, extras := ask(random, words)
			_, err := s.ListWith(ctx, q, "", extras)
			return err
		}
	}
	return all
}

// With 36 editions of each title, a word has 36 to 100 times as many matches among 100,000 products as among 1,000. A search that read or ranked
// them all would take as many times as long.
func TestLatencyWithRealTitles(t *testing.T) {
	folder := os.Getenv("SOUK_RETAIL_DATA")
	if folder == "" {
		t.Skip("SOUK_RETAIL_DATA is not set")
	}
	titles := slices.DeleteFunc(realTitles(t, folder), func(title string) bool {
		words := strings.Fields(title)
		return len(words) < 2 || !strings.ContainsFunc(words[len(words)-1], unicode.IsLetter) // the last one is the category
	})
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(titles), func(i, j int) { titles[i], titles[j] = titles[j], titles[i] })
	small, large := requests(fillWith(t, titles, 1000)), requests(fillWith(t, titles, 100_000))
	const rounds, most = 3, 5
	ratios := map[string][]float64{}
	for range rounds {
		for name := range small {
			few, many := p99(t, titles[:1000], small[name]), p99(t, titles[:1000], large[name])
			ratios[name] = append(ratios[name], float64(many)/float64(few))
			t.Logf("measured: %s: p99 %v of 1,000 products, %v of 100,000", name, few, many)
		}
	}
	for name, all := range ratios {
		slices.Sort(all)
		t.Logf("measured: %s: ratio %.2f", name, all[rounds/2])
		if all[rounds/2] > most {
			t.Errorf("%s: with 100,000 products it takes %.2f times as long, want %d at most", name, all[rounds/2], most)
		}
	}
}
