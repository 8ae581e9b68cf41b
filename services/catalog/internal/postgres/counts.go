package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

// Categories implements catalog.Store.
func (s *Store) Categories(ctx context.Context) ([]catalog.Category, error) {
	return s.categories(ctx, `SELECT category_slug, min(category), sum(products)::bigint FROM counted_products
		WHERE per = 'category' AND category_slug <> '' GROUP BY category_slug ORDER BY category_slug COLLATE "und-x-icu"`)
}

// CategoriesBeginning implements catalog.Store. Its condition id > 0 has the reason of that in the view counted_products.
func (s *Store) CategoriesBeginning(ctx context.Context, slugs []string) ([]catalog.Category, error) {
	return s.categories(ctx, `SELECT category_slug, category, sum(products)::bigint FROM (
			SELECT per, category_slug, category, products FROM product_counts
			UNION ALL SELECT per, category_slug, category, products FROM product_count_changes WHERE id > 0) AS counts
		WHERE per = 'category' AND category_slug ^@ ANY($1::text[])
		GROUP BY category_slug, category HAVING sum(products) > 0`, slugs)
}

func (s *Store) categories(ctx context.Context, sql string, args ...any) ([]catalog.Category, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	categories, err := pgx.CollectRows(rows, pgx.RowToStructByPos[catalog.Category])
	if err != nil {
		return nil, fmt.Errorf("categories: %w", err)
	}
	return categories, nil
}

// allFacets returns the facets of a query, and those of the variants.
func (s *Store) allFacets(ctx context.Context, q catalog.Query, w wanted, found *matches) ([]catalog.Facet, catalog.VariantFacets, error) {
	if found != nil && !isFiltered(q) { // all facets count the same products
		return facetsOf(found)
	}
	facets, err := s.facets(ctx, q, w, found)
	if err != nil {
		return nil, catalog.VariantFacets{}, err
	}
	variants, err := s.variantFacets(ctx, q, w, found)
	return facets, variants, err
}

// facets counts the products of a query by category and brand.
func (s *Store) facets(ctx context.Context, q catalog.Query, w wanted, found *matches) ([]catalog.Facet, error) {
	if q.Text == "" && countsAreKept(q) {
		return s.keptFacets(ctx, q)
	}
	return s.countedFacets(ctx, q, w, found)
}

func noFacets() []catalog.Facet { return []catalog.Facet{{Field: "category"}, {Field: "brand"}} }

// keptFacets returns facets from the stored counts. The query filters by category, brand, both or neither. A facet does not respect its
// own filter, so that a second value can be chosen.
func (s *Store) keptFacets(ctx context.Context, q catalog.Query) ([]catalog.Facet, error) {
	var where conditions
	counts := func(per string, own catalog.Query) string {
		where.parts = nil
		where.add("per = ?", per)
		where.oneOf("category_slug", own.Categories())
		where.oneOf("brand", own.Brands())
		return "(SELECT * FROM counted_products WHERE " + where.sql() + ") AS counted"
	}
	perCategory, perBrand := "category", "brand"
	if q.Brand != "" {
		perCategory = "both"
	}
	if q.Category != "" {
		perBrand = "both"
	}
	sql := facet("category", "category_slug", "min(category)", counts(perCategory, withoutCategories(q))) + " UNION ALL " +
		facet("brand", "brand", "brand", counts(perBrand, withoutBrands(q)))
	return s.readFacets(ctx, sql, where.args())
}

func withoutCategories(q catalog.Query) catalog.Query {
	q.Category, q.OtherCategories = "", nil
	return q
}

func withoutBrands(q catalog.Query) catalog.Query {
	q.Brand, q.OtherBrands = "", nil
	return q
}

// countedFacets counts the newest products that match a query. Each facet has its own, those that match without its own filter.
func (s *Store) countedFacets(ctx context.Context, q catalog.Query, w wanted, found *matches) ([]catalog.Facet, error) {
	categories, brands := facet("category", "category_slug", "min(category)", "counted"), facet("brand", "brand", "brand", "counted")
	count := func(q catalog.Query, found *matches, facets string) ([]catalog.Facet, error) {
		products, where := newestCounted("p.category_slug, p.category, p.brand, 1 AS products", q, w, found)
		return s.readFacets(ctx, "WITH counted AS MATERIALIZED "+products+facets, where.args())
	}
	if len(q.Categories()) == 0 && len(q.Brands()) == 0 { // the same products for both
		return count(q, found, categories+" UNION ALL "+brands)
	}
	byCategory, err := count(withoutCategories(q), nil, categories)
	if err != nil {
		return nil, err
	}
	byBrand, err := count(withoutBrands(q), nil, brands)
	if err != nil {
		return nil, err
	}
	return []catalog.Facet{byCategory[0], byBrand[1]}, nil
}

// The maximum number of values of a facet.
const facetValues = 50

// facet returns a query for the values of a facet, the most frequent first.
func facet(name, by, label, counted string) string {
	return fmt.Sprintf(`(SELECT '%s', %s, %s, sum(products)::bigint FROM %s WHERE %s <> '' GROUP BY %s ORDER BY sum(products) DESC, %s LIMIT %d)`,
		name, by, label, counted, by, by, by, facetValues)
}

// readFacets runs the queries for both facets.
func (s *Store) readFacets(ctx context.Context, sql string, args []any) ([]catalog.Facet, error) {
	found := noFacets()
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	var name string
	var value catalog.FacetValue
	_, err = pgx.ForEachRow(rows, []any{&name, &value.Value, &value.Name, &value.Count}, func() error {
		for i := range found {
			if found[i].Field == name {
				found[i].Values = append(found[i].Values, value)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("facets: %w", err)
	}
	return found, nil
}

// countBatch is the number of changes added up at a time.
const countBatch = 50_000

// AddUpCounts implements catalog.Store. It does not change the visible counts, so it does not matter when or on how many
// replicas it runs. Replicas process different changes, and lock the counts in the same order.
func (s *Store) AddUpCounts(ctx context.Context) (added int, err error) {
	err = s.pool.QueryRow(ctx, `
		WITH changes AS (
			DELETE FROM product_count_changes WHERE id = ANY (ARRAY(
				SELECT id FROM product_count_changes ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
			RETURNING per, category_slug, category, brand, products
		),
		added AS (
			INSERT INTO product_counts AS counts (per, category_slug, category, brand, products)
			SELECT per, category_slug, category, brand, sum(products) FROM changes
			GROUP BY per, category_slug, category, brand ORDER BY per, category_slug, category, brand
			ON CONFLICT ON CONSTRAINT product_counts_pkey DO UPDATE SET products = counts.products + excluded.products
		)
		SELECT count(*) FROM changes`, countBatch).Scan(&added)
	if err != nil {
		return 0, fmt.Errorf("add up counts: %w", err)
	}
	return added, nil
}
