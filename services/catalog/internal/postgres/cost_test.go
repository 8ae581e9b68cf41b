package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
)

// cost is the average cost of a read: the number of 8 kB blocks that PostgreSQL accessed, and the time.
type cost struct {
	blocks float64
	time   time.Duration
}

// costOf reads eight times, because PostgreSQL may switch to a generic plan after five executions of a statement.
func costOf(t *testing.T, config *pgxpool.Config, read func(context.Context, *catalog.Service) error) cost {
	t.Helper()
	const times = 8
	s, pool := open(t, config)
	if err := read(t.Context(), s); err != nil { // excludes the costs of the first read
		t.Fatal(err)
	}
	before := blocks(t, pool)
	s, pool = open(t, config)
	start := time.Now()
	for range times {
		if err := read(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(start) / times
	return cost{float64(blocks(t, pool)-before) / times, took}
}

// blocks closes a pool and returns the number of blocks of the catalog's tables accessed so far.
func blocks(t *testing.T, pool *pgxpool.Pool) (n int64) {
	t.Helper()
	err := pgtest.CloseAndConnect(t, pool).QueryRow(t.Context(), `SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0) +
		coalesce(toast_blks_hit + toast_blks_read, 0) + coalesce(tidx_blks_hit + tidx_blks_read, 0))::bigint FROM pg_statio_user_tables`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func list(q catalog.Query, facets bool) func(context.Context, *catalog.Service) error {
	return func(ctx context.Context, s *catalog.Service) error {
		_, err := s.List(ctx, q, "", facets)
		return err
	}
}

func total(q catalog.Query) func(context.Context, *catalog.Service) error {
	return func(ctx context.Context, s *catalog.Service) error {
		_, err := s.ListWith(ctx, q, "", catalog.Extras{Total: true})
		return err
	}
}

func option(name string, values ...string) catalog.OptionFilter {
	return catalog.OptionFilter{Name: name, Values: values}
}

func withOptions(options ...catalog.OptionFilter) catalog.Query {
	return catalog.Query{Options: options}
}

func suggest(text string) func(context.Context, *catalog.Service) error {
	return func(ctx context.Context, s *catalog.Service) error {
		_, err := s.Suggest(ctx, text)
		return err
	}
}

func ptr(n int64) *int64 { return &n }

// reads are typical reads of shoppers, with the maximum number of blocks for each in a shop with 100,000 products.
var reads = map[string]struct {
	most float64
	read func(context.Context, *catalog.Service) error
}{
	"search for a word of all":                    {1000, list(catalog.Query{Text: "metal"}, false)},
	"search for a word of half":                   {1000, list(catalog.Query{Text: "brass"}, false)},
	"search for a word of 1 in 10":                {2500, list(catalog.Query{Text: "tin"}, false)},
	"search for a word of 1 in 100":               {3000, list(catalog.Query{Text: "pewter"}, false)},
	"search for the start of a word":              {1000, list(catalog.Query{Text: "bra"}, false)},
	"search in a category":                        {6000, list(catalog.Query{Text: "metal", Category: "category-7"}, false)},
	"search by price":                             {500, list(catalog.Query{Text: "brass", Sort: catalog.PriceAsc}, false)},
	"search for two words that never meet":        {1500, list(catalog.Query{Text: "brass copper"}, false)},
	"search for the start of a word by price":     {1000, list(catalog.Query{Text: "bra", Sort: catalog.PriceAsc}, false)},
	"search for a word of the oldest alone":       {5000, list(catalog.Query{Text: "number 7"}, false)},
	"search for a word of many old ones alone":    {6500, list(catalog.Query{Text: "zinc"}, true)},
	"search for misspelled words":                 {1500, list(catalog.Query{Text: "bras lmap"}, false)},
	"search for a misspelled rare word":           {3000, list(catalog.Query{Text: "pewtre"}, false)},
	"search for words with one too many":          {1500, list(catalog.Query{Text: "brass elephant"}, false)},
	"search for a word that nothing contains":     {500, list(catalog.Query{Text: "elephant"}, true)},
	"search for nothing but an exclusion":         {200, list(catalog.Query{Text: "-metal"}, true)},
	"the list by title":                           {250, list(catalog.Query{Sort: catalog.ByTitle}, false)},
	"search with facets":                          {1000, list(catalog.Query{Text: "metal"}, true)},
	"the newest with facets":                      {1500, list(catalog.Query{}, true)},
	"a category with facets":                      {1000, list(catalog.Query{Category: "category-7"}, true)},
	"a brand with facets":                         {1000, list(catalog.Query{Brand: "Brand 7"}, true)},
	"a range of many prices with facets":          {15000, list(catalog.Query{MinPrice: ptr(500_000)}, true)},
	"filter by an option of half":                 {500, list(withOptions(option("Color", "Red")), false)},
	"filter by an option of 1 in 1,000":           {1000, list(withOptions(option("Color", "Gold")), false)},
	"filter by two options":                       {500, list(withOptions(option("Color", "Red", "Blue"), option("Size", "M")), false)},
	"filter by two options, cheap first":          {1000, list(catalog.Query{Sort: catalog.PriceAsc, Options: []catalog.OptionFilter{option("Color", "Red"), option("Size", "M", "L")}}, false)},
	"filter by an option that none has":           {500, list(withOptions(option("Color", "Red"), option("Size", "XXL")), false)},
	"filter by two options that never meet":       {2000, list(withOptions(option("Color", "Gold"), option("Size", "XXL", "M")), false)},
	"an option with facets":                       {15000, list(withOptions(option("Color", "Red")), true)},
	"search with an option":                       {4500, list(catalog.Query{Text: "metal", Options: []catalog.OptionFilter{option("Color", "Red")}}, false)},
	"a category, cheap first":                     {300, list(catalog.Query{Category: "category-7", Sort: catalog.PriceAsc}, false)},
	"a category by title":                         {300, list(catalog.Query{Category: "category-7", Sort: catalog.ByTitle}, false)},
	"a brand, dearest first":                      {300, list(catalog.Query{Brand: "Brand 7", Sort: catalog.PriceDesc}, false)},
	"a brand by title":                            {300, list(catalog.Query{Brand: "Brand 7", Sort: catalog.ByTitle}, false)},
	"an option that no product of a category has": {1000, list(catalog.Query{Category: "category-7", Sort: catalog.PriceAsc, Options: []catalog.OptionFilter{option("Color", "Red")}}, false)},
	"an option of a brand":                        {1000, list(catalog.Query{Brand: "Brand 7", Options: []catalog.OptionFilter{option("Color", "Red")}}, false)},
	"the facets of an option that none has":       {1500, list(catalog.Query{Category: "category-7", Options: []catalog.OptionFilter{option("Color", "Red")}}, true)},
	"an option of a category":                     {500, list(catalog.Query{Category: "category-8", Options: []catalog.OptionFilter{option("Color", "Red")}}, false)},
	"an option of a category with facets":         {15000, list(catalog.Query{Category: "category-8", Options: []catalog.OptionFilter{option("Color", "Red")}}, true)},
	"an option of a category in a price range":    {4000, list(catalog.Query{Category: "category-8", MinPrice: ptr(500_000), Sort: catalog.PriceAsc, Options: []catalog.OptionFilter{option("Color", "Red")}}, false)},
	"the total of an option that none has":        {1000, total(catalog.Query{Category: "category-7", Options: []catalog.OptionFilter{option("Color", "Red")}})},
	"an option of a brand with facets":            {1500, list(catalog.Query{Brand: "Brand 7", Options: []catalog.OptionFilter{option("Color", "Red")}}, true)},
	"an option of two brands with facets":         {7500, list(catalog.Query{Brand: "Brand 7", OtherBrands: []string{"Brand 8"}, Options: []catalog.OptionFilter{option("Color", "Red")}}, true)},
	"three categories":                            {1000, list(catalog.Query{Category: "category-7", OtherCategories: []string{"category-8", "category-9"}}, false)},
	"three brands":                                {2000, list(catalog.Query{Brand: "Brand 7", OtherBrands: []string{"Brand 8", "Brand 9"}}, false)},
	"the total of all":                            {500, total(catalog.Query{})},
	"the total of three categories":               {1500, total(catalog.Query{Category: "category-7", OtherCategories: []string{"category-8", "category-9"}})},
	"the total of a search":                       {7000, total(catalog.Query{Text: "metal"})},
	"the total of a price range":                  {6500, total(catalog.Query{MinPrice: ptr(500_000)})},
	"the total of an option":                      {6500, total(withOptions(option("Color", "Red")))},
	"suggestions for a word of all":               {1000, suggest("lamp nu")},
	"suggestions for a word of half":              {1000, suggest("bra")},
	"suggestions for a rare word":                 {1000, suggest("pew")},
	"suggestions for two words that never meet":   {1000, suggest("copper bras")},
	"suggestions for a title":                     {1000, suggest("brass lamp number 77")},
	"suggestions for a letter":                    {1000, suggest("b")},
	"suggestions for nothing":                     {200, suggest("elephant")},
	"categories":                                  {200, func(ctx context.Context, s *catalog.Service) error { _, err := s.Categories(ctx); return err }},
	"a range of few prices":                       {200, list(catalog.Query{MinPrice: ptr(9_000_000)}, false)},
	"a range of few prices with two ends":         {200, list(catalog.Query{MinPrice: ptr(8_000_000), MaxPrice: ptr(9_500_000)}, false)},
	"a range of no price between the variants":    {200, list(catalog.Query{MinPrice: ptr(2_000_000), MaxPrice: ptr(8_000_000)}, false)},
	"a range of many prices with two ends":        {1000, list(catalog.Query{MinPrice: ptr(400_000), MaxPrice: ptr(600_000)}, false)},
	"a range of few prices, cheap first":          {200, list(catalog.Query{MinPrice: ptr(9_000_000), Sort: catalog.PriceAsc}, false)},
	"a range of half, cheap first":                {1000, list(catalog.Query{MinPrice: ptr(500_000), Sort: catalog.PriceAsc}, false)},
	"a range of few low prices":                   {200, list(catalog.Query{MaxPrice: ptr(110)}, false)},
	"a range of low prices, dearest first":        {500, list(catalog.Query{MaxPrice: ptr(500_000), Sort: catalog.PriceDesc}, false)},
	"100 products as a facet in stock":            {1000, list(catalog.Query{Limit: 100, Brief: true}, false)},
}

// A page that reads all matches would access 25,000 blocks or more.
func TestThePageCostDoesNotGrowWithTheCatalog(t *testing.T) {
	t.Parallel()
	few, many := shopOf(t, 1000), shopOf(t, 100_000)
	t.Run("a word of many old ones alone is found", func(t *testing.T) {
		s, _ := open(t, many)
		page, err := s.ListWith(t.Context(), catalog.Query{Text: "zinc"}, "", catalog.Extras{Total: true})
		if err != nil || len(page.Products) == 0 || page.Total.Count != 5000 {
			t.Errorf("%d products of %+v, %v, want 5,000 in all", len(page.Products), page.Total, err)
		}
	})
	for name, r := range reads {
		t.Run(name, func(t *testing.T) {

			small, large := costOf(t, few, r.read), costOf(t, many, r.read)
			t.Logf("measured: %s: %.0f blocks and %v of 1,000 products, %.0f and %v of 100,000",
				name, small.blocks, small.time, large.blocks, large.time)
			if large.blocks == 0 || large.blocks > r.most {
				t.Errorf("%.0f blocks with 100,000 products, want %.0f at most", large.blocks, r.most)
			}
		})
	}
}
