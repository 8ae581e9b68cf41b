package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/services/catalog/internal/catalog"
)

// order is how a sort is written: by an expression and then by id, ascending or descending. The cast turns a
// position's key back into the expression's type.
type order struct {
	by, direction, cast string
}

var orders = map[catalog.Sort]order{
	catalog.ByRelevance: {relevance, "DESC", "float8"},
	catalog.Newest:      {"p.created_at", "DESC", "timestamptz"},
	catalog.PriceAsc:    {"p.min_price", "ASC", "bigint"},
	catalog.PriceDesc:   {"p.min_price", "DESC", "bigint"},
	catalog.ByTitle:     {"lower(p.title)", "ASC", "text"},
}

// conditions collects the parts of a WHERE clause and their parameters.
type conditions struct {
	parts  []string
	params []any
}

// add adds a condition in which each ? stands for the next parameter.
func (c *conditions) add(condition string, params ...any) {
	for _, p := range params {
		condition = strings.Replace(condition, "?", c.param(p), 1)
	}
	c.parts = append(c.parts, condition)
}

// param adds a parameter and returns its name.
func (c *conditions) param(p any) string {
	c.params = append(c.params, p)
	return fmt.Sprintf("$%d", len(c.params))
}

// matching writes FROM and WHERE for the products that a query matches, whatever page they are on.
func matching(q catalog.Query) (from string, where conditions) {
	from = "products p"
	where.add("NOT p.withdrawn")
	if q.Text != "" {
		from += where.search(q.Text) // first, so that the text is $1
	}
	if q.Category != "" {
		where.add("p.category_slug = ?", q.Category)
	}
	if q.Brand != "" {
		where.add("p.brand = ?", q.Brand)
	}
	if q.MinPrice != nil || q.MaxPrice != nil {
		where.add(`EXISTS (SELECT FROM variants v WHERE v.product_id = p.id
			AND v.price >= coalesce(?::bigint, 0) AND v.price <= coalesce(?::bigint, 9223372036854775807))`, q.MinPrice, q.MaxPrice)
	}
	return from, where
}

// List implements catalog.Store.
func (s *Store) List(ctx context.Context, q catalog.Query) ([]catalog.Listed, error) {
	from, where := matching(q)
	o := orders[q.Sort]
	if q.After != nil {
		comparison := map[string]string{"ASC": ">", "DESC": "<"}[o.direction]
		where.add(fmt.Sprintf("(%s, p.id) %s (?::text::%s, ?::uuid)", o.by, comparison, o.cast), q.After.Key, q.After.ID)
	}
	limit := where.param(q.Limit + 1)
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT %s, (%s)::text FROM %s WHERE %s ORDER BY %s %s, p.id %s LIMIT %s`,
		columns, o.by, from, strings.Join(where.parts, " AND "), o.by, o.direction, o.direction, limit), where.params...)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	listed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l catalog.Listed, err error) {
		return l, row.Scan(append(fieldsOf(&l.Product), &l.Key)...)
	})
	if q.After != nil && badKey(err) {
		return nil, catalog.ErrBadCursor
	}
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	products := make([]*catalog.Product, len(listed))
	for i := range listed {
		products[i] = &listed[i].Product
	}
	return listed, s.loadVariants(ctx, products)
}

// badKey reports whether a position's key could not be read as its type: class 22, data exception.
func badKey(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "22")
}

// Facets implements catalog.Store.
func (s *Store) Facets(ctx context.Context, q catalog.Query) ([]catalog.Facet, error) {
	categories, err := s.facet(ctx, q, "category", "p.category_slug", "min(p.category)")
	if err != nil {
		return nil, err
	}
	brands, err := s.facet(ctx, q, "brand", "p.brand", "p.brand")
	if err != nil {
		return nil, err
	}
	return []catalog.Facet{categories, brands}, nil
}

// The most values that a facet shows.
const facetValues = 50

func (s *Store) facet(ctx context.Context, q catalog.Query, name, by, label string) (catalog.Facet, error) {
	from, where := matching(q)
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT %s, %s, count(*) FROM %s WHERE %s AND %s <> '' GROUP BY %s
		ORDER BY count(*) DESC, %s LIMIT %d`, by, label, from, strings.Join(where.parts, " AND "), by, by, by, facetValues), where.params...)
	if err != nil {
		return catalog.Facet{}, fmt.Errorf("facet %s: %w", name, err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowToStructByPos[catalog.FacetValue])
	if err != nil {
		return catalog.Facet{}, fmt.Errorf("facet %s: %w", name, err)
	}
	return catalog.Facet{Field: name, Values: values}, nil
}
