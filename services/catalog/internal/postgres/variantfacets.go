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

// counting selects what is counted: options by their names, and the prices.
type counting struct {
	option func(name string) bool
	prices bool
}

func noOption(string) bool  { return false }
func anyOption(string) bool { return true }

// variantFacets returns the options and the prices of the newest products of a query.
func (s *Store) variantFacets(ctx context.Context, q catalog.Query, w wanted, found *matches) (facets catalog.VariantFacets, err error) {
	err = s.addFacets(ctx, &facets, q, w, found, counting{func(name string) bool { return !filtersBy(q, name) }, !q.FiltersByPrice()})
	// A facet does not respect its own filter.
	for i, o := range q.Options {
		without := q
		without.Options = slices.Delete(slices.Clone(q.Options), i, i+1)
		if err == nil {
			err = s.addFacets(ctx, &facets, without, w, nil, counting{func(name string) bool { return name == o.Name }, false})
		}
	}
	if q.FiltersByPrice() && err == nil {
		without := q
		without.MinPrice, without.MaxPrice = nil, nil
		err = s.addFacets(ctx, &facets, without, w, nil, counting{noOption, true})
	}
	facets.Options = mostCommon(facets.Options)
	return facets, err
}

// filtersBy reports whether a query filters by an option.
func filtersBy(q catalog.Query, name string) bool {
	return slices.ContainsFunc(q.Options, func(o catalog.OptionFilter) bool { return o.Name == name })
}

// addFacets adds the facets of the newest products that match.
func (s *Store) addFacets(ctx context.Context, facets *catalog.VariantFacets, q catalog.Query, w wanted, found *matches, by counting) error {
	if len(q.Options) == 0 && !q.FiltersByPrice() {
		products, where := newestCounted(fmt.Sprintf(offerOf, "p.id", "p.offer"), q, w, found)
		return s.count(ctx, facets, products, where, by)
	}
	products, where := newestCounted("p.id", q, w, found)
	variants := fmt.Sprintf(`SELECT v.options, v.price FROM variants v WHERE v.product_id = newest.id AND %s ORDER BY v.position LIMIT %d`,
		where.variantMatches(q), facetVariants)
	return s.count(ctx, facets, `(SELECT had.* FROM `+products+` AS newest CROSS JOIN LATERAL (`+fmt.Sprintf(offerOfVariants, variants)+`) AS had)`, where, by)
}

// FacetsOfVariants implements catalog.Store.
func (s *Store) FacetsOfVariants(ctx context.Context, skus []string) (facets catalog.VariantFacets, err error) {
	var where conditions
	variants := `SELECT v.product_id, v.options, v.price FROM variants v JOIN products p ON p.id = v.product_id
		WHERE v.sku = ANY(` + where.param(skus) + `) AND ` + listed
	err = s.count(ctx, &facets, `(`+fmt.Sprintf(offerOfVariants, variants)+` GROUP BY v.product_id)`, where, counting{anyOption, true})
	facets.Options = mostCommon(facets.Options)
	return facets, err
}

const (
	// offerOf is the offer of a product with an ID. One that is too long for an index is made from the rows.
	offerOf = `coalesce(%[2]s, (SELECT array_to_string(long.option_values, '` + betweenPairs + `') || '` + beforePrices + `' ||
			array_to_string(ARRAY(SELECT DISTINCT v.price FROM variants v WHERE v.product_id = long.id ORDER BY v.price), ',')
		FROM products long WHERE long.id = %[1]s)) AS offer`
	// offerOfVariants is the offer of variants, NULL if there are none.
	offerOfVariants = `SELECT coalesce(array_to_string(array_agg(DISTINCT o."Name" || '` + beforeValue + `' || o."Value")
			FILTER (WHERE o."Name" IS NOT NULL), '` + betweenPairs + `'), '') || '` + beforePrices + `' || array_to_string(array_agg(DISTINCT v.price), ',') AS offer
		FROM (%s) AS v LEFT JOIN LATERAL jsonb_to_recordset(v.options) AS o("Name" text, "Value" text) ON true`
)

// count counts products by their offers, and adds the counts to facets.
func (s *Store) count(ctx context.Context, facets *catalog.VariantFacets, products string, where conditions, by counting) error {
	rows, err := s.pool.Query(ctx, `SELECT offer, count(*) FROM `+products+` AS counted WHERE offer IS NOT NULL GROUP BY offer`, where.args()...)
	if err != nil {
		return fmt.Errorf("facets: %w", err)
	}
	counts := newOffers()
	var offer string
	var alike int64
	if _, err := pgx.ForEachRow(rows, []any{&offer, &alike}, func() error { return counts.add(offer, alike, by) }); err != nil {
		return fmt.Errorf("facets: %w", err)
	}
	facets.Options = append(facets.Options, counts.facets()...)
	facets.Prices = append(facets.Prices, counts.prices...)
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
