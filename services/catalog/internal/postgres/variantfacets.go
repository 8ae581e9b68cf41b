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

// VariantFacets implements catalog.Store.
func (s *Store) VariantFacets(ctx context.Context, q catalog.Query) (facets catalog.VariantFacets, err error) {
	w, err := s.wantedBy(ctx, q)
	if err != nil || w == nil {
		return facets, err
	}
	filtered := []string{}
	for _, o := range q.Options {
		filtered = append(filtered, o.Name)
	}
	if facets.Options, err = s.optionFacets(ctx, q, *w, "<> ALL", filtered); err != nil {
		return facets, err
	}
	for i, o := range q.Options {
		without := q
		without.Options = slices.Delete(slices.Clone(q.Options), i, i+1)
		own, err := s.optionFacets(ctx, without, *w, "= ANY", []string{o.Name})
		if err != nil {
			return facets, err
		}
		facets.Options = append(facets.Options, own...)
	}
	mostCommonFirst(facets.Options)
	facets.Options = facets.Options[:min(len(facets.Options), facetOptions)]
	facets.Prices, err = s.pricesOf(ctx, q, *w)
	return facets, err
}

// variantsOf returns FROM for the variants of the newest products that match, some of them for each.
func variantsOf(q catalog.Query, w wanted, options []catalog.OptionFilter) (from string, where conditions) {
	products, where := matching(q, w)
	counted := newest("p.id", products, &where, w, candidates)
	condition := "v.product_id = counted.id"
	if len(options) > 0 {
		condition += " AND " + where.variantHas(options)
	}
	return fmt.Sprintf(`%s AS counted CROSS JOIN LATERAL (SELECT v.options, v.price FROM variants v WHERE %s ORDER BY v.position LIMIT %d) AS v`,
		counted, condition, facetVariants), where
}

// optionFacets counts the newest products that match by the options whose names compare to names in this way.
func (s *Store) optionFacets(ctx context.Context, q catalog.Query, w wanted, compare string, names []string) (facets []catalog.Facet, err error) {
	from, where := variantsOf(q, w, q.Options)
	sql := fmt.Sprintf(`SELECT name, value, products FROM (
			SELECT o."Name" AS name, o."Value" AS value, count(DISTINCT counted.id) AS products,
				row_number() OVER (PARTITION BY o."Name" ORDER BY count(DISTINCT counted.id) DESC, o."Value") AS place
			FROM %s CROSS JOIN LATERAL jsonb_to_recordset(v.options) AS o("Name" text, "Value" text)
			WHERE o."Name" %s (%s::text[]) GROUP BY 1, 2) AS options
		WHERE place <= %d ORDER BY name, place`, from, compare, where.param(names), facetValues)
	rows, err := s.pool.Query(ctx, sql, where.args()...)
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	var name string
	var value catalog.FacetValue
	if _, err := pgx.ForEachRow(rows, []any{&name, &value.Value, &value.Count}, func() error {
		if len(facets) == 0 || facets[len(facets)-1].Field != name {
			facets = append(facets, catalog.Facet{Field: name})
		}
		last := &facets[len(facets)-1]
		value.Name = value.Value
		last.Values = append(last.Values, value)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("facets: %w", err)
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
	from, where := variantsOf(q, w, nil)
	rows, err := s.pool.Query(ctx, `SELECT array_agg(DISTINCT v.price) FROM `+from+` GROUP BY counted.id`, where.args()...)
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	prices, err := pgx.CollectRows(rows, pgx.RowTo[[]int64])
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	return prices, nil
}
