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
	// The maximum number of options that are counted, and of variants of a product that are looked at.
	facetOptions, facetVariants = 10, 100
)

// variantFacets returns the options and the prices of the newest products of a query.
func (s *Store) variantFacets(ctx context.Context, q catalog.Query, w wanted) (facets catalog.VariantFacets, err error) {
	if len(q.Options) == 0 && q.MinPrice == nil && q.MaxPrice == nil { // the same variants for both
		facets, err = s.facetsOf(ctx, q, w, unfiltered(q), true)
	} else {
		facets, err = s.filteredFacets(ctx, q, w)
	}
	mostCommonFirst(facets.Options)
	facets.Options = facets.Options[:min(len(facets.Options), facetOptions)]
	return facets, err
}

// filteredFacets returns the facets of a query with filters by options or prices. A facet does not respect its own.
func (s *Store) filteredFacets(ctx context.Context, q catalog.Query, w wanted) (catalog.VariantFacets, error) {
	facets, err := s.facetsOf(ctx, q, w, unfiltered(q), false)
	if err != nil {
		return facets, err
	}
	for i, o := range q.Options {
		without := q
		without.Options = slices.Delete(slices.Clone(q.Options), i, i+1)
		own, err := s.facetsOf(ctx, without, w, named{"= ANY", []string{o.Name}}, false)
		if err != nil {
			return facets, err
		}
		facets.Options = append(facets.Options, own.Options...)
	}
	facets.Prices, err = s.pricesOf(ctx, q, w)
	return facets, err
}

// named selects options by their names, which compare to a list in this way.
type named struct {
	compare string
	names   []string
}

// unfiltered are all options that a query does not filter by.
func unfiltered(q catalog.Query) named {
	n := named{"<> ALL", []string{}}
	for _, o := range q.Options {
		n.names = append(n.names, o.Name)
	}
	return n
}

// variantsOf returns a query for the variants of the newest products that match, some of them for each.
func variantsOf(q catalog.Query, w wanted, options []catalog.OptionFilter) (sql string, where conditions) {
	products, where := matching(q, w)
	counted := newest("p.id", products, &where, w, candidates)
	condition := "v.product_id = counted.id"
	if len(options) > 0 {
		condition += " AND " + where.variantHas(options)
	}
	return fmt.Sprintf(`SELECT counted.id, v.options, v.price FROM %s AS counted
		CROSS JOIN LATERAL (SELECT v.options, v.price FROM variants v WHERE %s ORDER BY v.position LIMIT %d) AS v`, counted, condition, facetVariants), where
}

const (
	// optionCounts counts products by their options: the most common values of each.
	optionCounts = `SELECT name, value, products, NULL::bigint[] FROM (
			SELECT name, value, count(*) AS products, row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, value) AS place FROM (
				SELECT DISTINCT v.id, o."Name" AS name, o."Value" AS value
				FROM v CROSS JOIN LATERAL jsonb_to_recordset(v.options) AS o("Name" text, "Value" text)
				WHERE o."Name" %s (%s::text[])) AS had
			GROUP BY name, value) AS counted
		WHERE place <= %d`
	// productPrices has a row for each product, without a name.
	productPrices = `SELECT NULL, NULL, NULL, array_agg(DISTINCT price) FROM v GROUP BY id`
)

// facetsOf counts the newest products that match by their options, and returns their prices if these are wanted too. The variants are
// read once.
func (s *Store) facetsOf(ctx context.Context, q catalog.Query, w wanted, options named, prices bool) (facets catalog.VariantFacets, err error) {
	variants, where := variantsOf(q, w, q.Options)
	sql := "WITH v AS MATERIALIZED (" + variants + ") " + fmt.Sprintf(optionCounts, options.compare, where.param(options.names), facetValues)
	if prices {
		sql += " UNION ALL " + productPrices
	}
	rows, err := s.pool.Query(ctx, sql+" ORDER BY 1, 3 DESC, 2", where.args()...)
	if err != nil {
		return facets, fmt.Errorf("facets: %w", err)
	}
	var name, value *string
	var count *int64
	var found []int64
	if _, err := pgx.ForEachRow(rows, []any{&name, &value, &count, &found}, func() error {
		if name == nil {
			facets.Prices = append(facets.Prices, found)
			return nil
		}
		if n := len(facets.Options); n == 0 || facets.Options[n-1].Field != *name {
			facets.Options = append(facets.Options, catalog.Facet{Field: *name})
		}
		last := &facets.Options[len(facets.Options)-1]
		last.Values = append(last.Values, catalog.FacetValue{Value: *value, Name: *value, Count: *count})
		return nil
	}); err != nil {
		return facets, fmt.Errorf("facets: %w", err)
	}
	return facets, nil
}

// mostCommonFirst sorts facets by the products that they count.
func mostCommonFirst(facets []catalog.Facet) {
	counted := func(f catalog.Facet) (n int64) {
		for _, v := range f.Values {
			n += v.Count
		}
		return n
	}
	slices.SortFunc(facets, func(a, b catalog.Facet) int {
		return cmp.Or(cmp.Compare(counted(b), counted(a)), cmp.Compare(a.Field, b.Field))
	})
}

// pricesOf returns the prices of the newest products that match, whatever their prices.
func (s *Store) pricesOf(ctx context.Context, q catalog.Query, w wanted) ([][]int64, error) {
	q.MinPrice, q.MaxPrice = nil, nil
	variants, where := variantsOf(q, w, nil)
	rows, err := s.pool.Query(ctx, `SELECT array_agg(DISTINCT price) FROM (`+variants+`) AS v GROUP BY id`, where.args()...)
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	prices, err := pgx.CollectRows(rows, pgx.RowTo[[]int64])
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	return prices, nil
}
