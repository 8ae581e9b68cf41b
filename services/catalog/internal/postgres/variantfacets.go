package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

const (
	// The maximum number of options that are counted, and of variants of a product that are looked at for a filter by options or prices.
	facetOptions, facetVariants = 10, 100
)

// counting selects facets: the options with or without these names, depending on compare, and the prices.
type counting struct {
	compare string
	names   []string
	prices  bool
}

const (
	oneOf  = "= ANY"
	noneOf = "<> ALL"
)

// variantFacets returns the options and the prices of the newest products of a query.
func (s *Store) variantFacets(ctx context.Context, q catalog.Query, w wanted, found *matches) (facets catalog.VariantFacets, err error) {
	err = s.addFacets(ctx, &facets, q, w, found, counting{noneOf, filteredNames(q), !q.FiltersByPrice()})
	// A facet does not respect its own filter.
	for i, o := range q.Options {
		without := q
		without.Options = slices.Delete(slices.Clone(q.Options), i, i+1)
		if err == nil {
			err = s.addFacets(ctx, &facets, without, w, nil, counting{oneOf, []string{o.Name}, false})
		}
	}
	if q.FiltersByPrice() && err == nil {
		without := q
		without.MinPrice, without.MaxPrice = nil, nil
		err = s.addFacets(ctx, &facets, without, w, nil, counting{oneOf, []string{}, true})
	}
	facets.Options = mostCommon(facets.Options)
	return facets, err
}

// filteredNames are the options that a query filters by.
func filteredNames(q catalog.Query) []string {
	names := []string{}
	for _, o := range q.Options {
		names = append(names, o.Name)
	}
	return names
}

// addFacets adds the facets of the newest products that match.
func (s *Store) addFacets(ctx context.Context, facets *catalog.VariantFacets, q catalog.Query, w wanted, found *matches, by counting) error {
	if len(q.Options) == 0 && !q.FiltersByPrice() {
		products, where := newestCounted(summary, q, w, found)
		return s.count(ctx, facets, products, where, by)
	}
	products, where := newestCounted("p.id", q, w, found)
	variants := fmt.Sprintf(`SELECT v.options, v.price FROM variants v WHERE v.product_id = newest.id AND %s ORDER BY v.position LIMIT %d`,
		where.variantMatches(q), facetVariants)
	return s.count(ctx, facets, `(SELECT had.* FROM `+products+` AS newest CROSS JOIN LATERAL (`+fmt.Sprintf(summaryOf, variants)+`) AS had)`, where, by)
}

// FacetsOfVariants implements catalog.Store.
func (s *Store) FacetsOfVariants(ctx context.Context, skus []string) (facets catalog.VariantFacets, err error) {
	var where conditions
	variants := `SELECT v.product_id, v.options, v.price FROM variants v JOIN products p ON p.id = v.product_id
		WHERE v.sku = ANY(` + where.param(skus) + `) AND ` + listed
	err = s.count(ctx, &facets, `(`+fmt.Sprintf(summaryOf, variants)+` GROUP BY v.product_id)`, where, counting{noneOf, []string{}, true})
	facets.Options = mostCommon(facets.Options)
	return facets, err
}

const (
	// summary is the option values and the prices of a product. What is too long for an index is read from the rows.
	summary = `coalesce(p.counted_values, (SELECT long.option_values FROM products long WHERE long.id = p.id)) AS option_values,
		coalesce(p.counted_prices, ARRAY(SELECT DISTINCT v.price FROM variants v WHERE v.product_id = p.id ORDER BY v.price)) AS prices`
	// summaryOf is the option values and the prices of variants.
	summaryOf = `SELECT array_agg(DISTINCT o."Name" || '` + between + `' || o."Value") FILTER (WHERE o."Name" IS NOT NULL) AS option_values,
			array_agg(DISTINCT v.price) AS prices
		FROM (%s) AS v LEFT JOIN LATERAL jsonb_to_recordset(v.options) AS o("Name" text, "Value" text) ON true`
	// optionCounts counts products by their option values: the most common ones of each option. Products with the same values are counted
	// together first, because that is faster than looking at the values of each.
	optionCounts = `SELECT name, value, products, NULL::bigint[] FROM (
			SELECT name, value, products, row_number() OVER (PARTITION BY name ORDER BY products DESC, value) AS place FROM (
				SELECT split_part(had, '` + between + `', 1) AS name, split_part(had, '` + between + `', 2) AS value, sum(products)::bigint AS products
				FROM alike, unnest(option_values) AS had GROUP BY had) AS counted
			WHERE name %s (%s::text[])) AS placed
		WHERE place <= %d`
	// priceCounts counts products by their prices. Its rows have no name.
	priceCounts = `SELECT NULL, NULL, products, prices FROM alike WHERE prices IS NOT NULL`
)

// count counts products and adds the counts to facets. The subquery returns the summaries of the products.
func (s *Store) count(ctx context.Context, facets *catalog.VariantFacets, summaries string, where conditions, by counting) error {
	sql := `WITH alike AS MATERIALIZED (SELECT option_values, prices, count(*) AS products FROM ` + summaries + ` AS counted
		GROUP BY GROUPING SETS ((option_values), (prices))) ` + fmt.Sprintf(optionCounts, by.compare, where.param(by.names), facetValues)
	if by.prices {
		sql += " UNION ALL " + priceCounts
	}
	rows, err := s.pool.Query(ctx, sql+" ORDER BY 1, 3 DESC, 2", where.args()...)
	if err != nil {
		return fmt.Errorf("facets: %w", err)
	}
	var name, value *string
	var products int64
	var prices []int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &value, &products, &prices}, func() error {
		if name == nil {
			facets.Prices = append(facets.Prices, catalog.PriceCount{Prices: prices, Products: products})
			return nil
		}
		if n := len(facets.Options); n == 0 || facets.Options[n-1].Field != *name {
			facets.Options = append(facets.Options, catalog.Facet{Field: *name})
		}
		last := &facets.Options[len(facets.Options)-1]
		last.Values = append(last.Values, catalog.FacetValue{Value: *value, Name: *value, Count: products})
		return nil
	}); err != nil {
		return fmt.Errorf("facets: %w", err)
	}
	return nil
}

// mostCommon sorts the options by the products that they count, and leaves out the rarest if there are many.
func mostCommon(options []catalog.Facet) []catalog.Facet {
	counted := func(f catalog.Facet) (n int64) {
		for _, v := range f.Values {
			n += v.Count
		}
		return n
	}
	slices.SortFunc(options, func(a, b catalog.Facet) int {
		return cmp.Or(cmp.Compare(counted(b), counted(a)), cmp.Compare(a.Field, b.Field))
	})
	return options[:min(len(options), facetOptions)]
}
