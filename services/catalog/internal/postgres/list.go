package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/services/catalog/internal/catalog"
)

// order is a sort order in SQL: an expression and then the ID, ascending or descending. cast converts the key of a position to
// the type of the expression. The expression unindexed gives the same order, but no index has it.
type order struct {
	by, direction, cast, unindexed string
}

var orders = map[catalog.Sort]order{
	catalog.Newest:    {"p.created_at", "DESC", "timestamptz", unindexedNewest},
	catalog.PriceAsc:  {"p.min_price", "ASC", "bigint", "p.min_price + 0"},
	catalog.PriceDesc: {"p.min_price", "DESC", "bigint", "p.min_price + 0"},
	catalog.AsAsked:   {"", "ASC", "int", ""}, // by the IDs of the query
	catalog.ByTitle:   {`p.title COLLATE "und-x-icu"`, "ASC", "text", `(p.title || '') COLLATE "und-x-icu"`},
}

const unindexedNewest = "p.created_at + interval '0'"

// conditions collects the parts of a WHERE clause and their parameters.
type conditions struct {
	parts  []string
	params []any
	// last is a condition that costs so much that a page checks it only for the products before its end. It is empty if there is none.
	last string
	// filtered is set if a search is restricted further. PostgreSQL then chooses which index to read.
	filtered bool
	// sortsAll is set if a page reads and sorts all matches, and not the products in the order of the list until there are enough.
	sortsAll bool
}

// add adds a condition. Each ? in it stands for the next parameter.
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

func (c *conditions) sql() string {
	if c.last == "" {
		return c.withoutLast()
	}
	return c.withoutLast() + " AND " + c.last
}

func (c *conditions) withoutLast() string { return strings.Join(c.parts, " AND ") }

// args returns the arguments of a query, in a mode in which PostgreSQL plans the query for these values each time. The best
// plan for a common word or a wide price range would read the whole shop for a rare word, and vice versa.
func (c *conditions) args() []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, c.params...)
}

// matching returns FROM and WHERE for the products that a query matches, on all pages.
func matching(q catalog.Query, w wanted) (from string, where conditions) {
	from = "products p"
	where.add(listed)
	if q.Text != "" {
		where.filtered = isFiltered(q)
		from += where.search(w)
	}
	where.origins(q)
	where.ids(q)
	where.options(q.Options)
	where.prices(q.MinPrice, q.MaxPrice)
	where.oneVariant(q)
	if len(q.Options) > 0 && (q.Category != "" || q.Brand != "") {
		// PostgreSQL takes options for independent of categories and brands. If no shoe comes in glass, it would look for one in the whole shop.
		where.sortsAll = true
	}
	return from, where
}

// counted is the number of products, the newest ones, that facets count if the list is no search.
const counted = 1000

// newestCounted returns a subquery for the products that facets count: the matches that were found, or else the newest of the query.
func newestCounted(columns string, q catalog.Query, w wanted, found *matches) (products string, where conditions) {
	if found != nil {
		return fmt.Sprintf(`(SELECT %s FROM products p WHERE p.id = ANY(%s::uuid[]) AND %s)`, columns, where.param(found.ids), listed), where
	}
	most := counted
	if q.Text != "" {
		most, w = ranked, w.toRank()
	}
	from, where := matching(q, w)
	return newest(columns, from, &where, w, most), where
}

// newest returns a subquery for the newest matching products.
func newest(columns, from string, where *conditions, w wanted, most int) string {
	by := "p.created_at"
	if where.sortsAll || w.query != "" && !w.common && !where.filtered {
		by = unindexedNewest // only matches are read
	}
	return fmt.Sprintf(`(SELECT %s FROM %s WHERE %s ORDER BY %s DESC, p.id DESC LIMIT %d)`, columns, from, where.sql(), by, most)
}

// List implements catalog.Store.
func (s *Store) List(ctx context.Context, q catalog.Query, extras catalog.Extras) (list catalog.List, err error) {
	w, found, err := s.wantedBy(ctx, q, extras.Facets)
	if err != nil {
		return list, err
	}
	if w == nil {
		return nothing(extras), nil
	}
	if found == nil && q.Text != "" && (isRanked(q) || extras.Facets) {
		if found, err = s.newestMatches(ctx, q, extras.Facets, *w); err != nil {
			return list, err
		}
	}
	list.Products, err = s.products(ctx, q, *w, found)
	if err == nil && extras.Facets {
		list.Facets, list.Variants, err = s.allFacets(ctx, q, *w, found)
	}
	if err == nil && extras.Total {
		list.Total, err = s.total(ctx, q, *w, found)
	}
	return list, err
}

// nothing is the answer to a text without words.
func nothing(extras catalog.Extras) (list catalog.List) {
	if extras.Facets {
		list.Facets = noFacets()
	}
	if extras.Total {
		list.Total = catalog.TotalOf(0)
	}
	return list
}

// products returns the products of a page, at most one more than the limit.
func (s *Store) products(ctx context.Context, q catalog.Query, w wanted, found *matches) (listed []catalog.Listed, err error) {
	if q.Sort == catalog.ByRelevance {
		listed, err = s.search(ctx, q, w, found)
	} else {
		listed, err = s.page(ctx, q, w)
	}
	if err != nil {
		return nil, err
	}
	products := make([]*catalog.Product, len(listed))
	for i := range listed {
		products[i] = &listed[i].Product
	}
	read := variantColumns
	switch {
	case q.Brief && len(q.Options) > 0:
		read = briefOptionColumns
	case q.Brief:
		read = briefVariantColumns
	}
	return listed, loadVariants(ctx, s.pool, products, read)
}

// page returns the products of a page without their variants, at most one more than the limit. It does not sort by relevance.
func (s *Store) page(ctx context.Context, q catalog.Query, w wanted) ([]catalog.Listed, error) {
	if isWalked(q) {
		page, complete, err := s.nearPage(ctx, q)
		if err != nil || complete {
			return page, err
		}
	}
	from, where := matching(q, w)
	key, by := where.following(q)
	limit := where.param(q.Limit + 1)
	rest := fmt.Sprintf(`%s WHERE %s %s LIMIT %s`, from, where.withoutLast(), by, limit)
	if where.last != "" {
		// OFFSET 0 has PostgreSQL sort the products before it checks the last condition.
		rest = fmt.Sprintf(`(SELECT p.id FROM (SELECT p.id FROM %s WHERE %s %s OFFSET 0) AS p WHERE %s LIMIT %s) AS matching JOIN products p USING (id) %s`,
			from, where.withoutLast(), by, where.last, limit, by)
	}
	return s.listed(ctx, q, fmt.Sprintf(`SELECT %s, %s, '' FROM %s`, columnsOf(q), key, rest), where.args())
}

// following restricts p to the products after the position of a query. It returns the key of a position, and the order of the list.
func (c *conditions) following(q catalog.Query) (key, by string) {
	o := orders[q.Sort]
	if q.Sort == catalog.AsAsked {
		o.by = "array_position(" + c.param(q.IDs) + "::uuid[], p.id)"
		o.unindexed = o.by
	}
	if q.After != nil {
		comparison := map[string]string{"ASC": ">", "DESC": "<"}[o.direction]
		c.add(fmt.Sprintf("(%s, p.id) %s (?::text::%s, ?::uuid)", o.by, comparison, o.cast), q.After.Key, q.After.ID)
	}
	key = "(" + o.by + ")::text"
	if c.sortsAll {
		o.by = o.unindexed
	}
	return key, fmt.Sprintf("ORDER BY %s %s, p.id %s", o.by, o.direction, o.direction)
}

// columnsOf returns the columns of p that a query reads.
func columnsOf(q catalog.Query) string {
	if q.Brief {
		return briefColumns
	}
	return columns
}

// listed runs a query for products with the keys of their positions, and more columns that are the same for all.
func (s *Store) listed(ctx context.Context, q catalog.Query, sql string, args []any, more ...any) ([]catalog.Listed, error) {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	found, err := pgx.AppendRows(make([]catalog.Listed, 0, q.Limit+1), rows, func(row pgx.CollectableRow) (l catalog.Listed, err error) {
		return l, row.Scan(slices.Concat(fieldsOf(&l.Product), []any{&l.Key, &l.Oldest}, more)...)
	})
	if q.After != nil && badKey(err) {
		return nil, catalog.ErrBadCursor
	}
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	return found, nil
}

// badKey reports whether the key of a position could not be converted to its type: SQLSTATE class 22, data exception.
func badKey(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "22")
}
