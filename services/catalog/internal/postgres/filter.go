package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"souk/services/catalog/internal/catalog"
)

// isFiltered reports whether a query selects products not only by a text.
func isFiltered(q catalog.Query) bool {
	return !countsAreKept(q) || q.Category != "" || q.Brand != ""
}

// countsAreKept reports whether the stored counts are those of a query, apart from its text: it selects at most by category and brand.
func countsAreKept(q catalog.Query) bool {
	return q.MinPrice == nil && q.MaxPrice == nil && !q.OnlyIDs && len(q.Options) == 0
}

// oneOf restricts a column to values, if there are any. A single one is compared by itself, so that an index can give the order as well.
func (c *conditions) oneOf(column string, values []string) {
	switch len(values) {
	case 0:
	case 1:
		c.add(column+" = ?", values[0])
	default:
		c.add(column+" = ANY(?::text[])", values)
	}
}

func (c *conditions) ids(q catalog.Query) {
	if q.OnlyIDs {
		c.add("p.id = ANY(?::uuid[])", append([]string{}, q.IDs...))
	}
}

// options restricts p to products with a variant that has one of the values of each option.
func (c *conditions) options(options []catalog.OptionFilter) {
	if len(options) > 0 {
		c.parts = append(c.parts, "p.id IN (SELECT v.product_id FROM variants v WHERE "+c.variantHas(options)+")")
	}
}

// variantHas returns the condition for a variant v that has one of the values of each option. The alternatives are joined by OR, because
// no index of options can be read for ANY.
func (c *conditions) variantHas(options []catalog.OptionFilter) string {
	all := make([]string, len(options))
	for i, o := range options {
		var any []string
		for _, value := range o.Values {
			wanted, _ := json.Marshal([]catalog.Option{{Name: o.Name, Value: value}}) // strings can always be encoded
			any = append(any, "v.options @> "+c.param(string(wanted))+"::jsonb")
		}
		all[i] = "(" + strings.Join(any, " OR ") + ")"
	}
	return strings.Join(all, " AND ")
}

// total counts the products of a query, up to catalog.MaxTotal.
func (s *Store) total(ctx context.Context, q catalog.Query, w wanted) (*catalog.Total, error) {
	var where conditions
	var sql string
	switch {
	case q.Text == "" && countsAreKept(q):
		sql = totalOfCounts(q, &where)
	case q.Text != "" && !isFiltered(q):
		sql = "SELECT count_found(to_tsquery('words', " + where.param(w.query) + "), " + where.param(catalog.MaxTotal+1) + ")"
	default:
		var from string
		from, where = matching(q, w)
		sql = fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s WHERE %s LIMIT %d) AS matching", from, where.sql(), catalog.MaxTotal+1)
	}
	var counted int64
	if err := s.pool.QueryRow(ctx, sql, where.args()...).Scan(&counted); err != nil {
		return nil, fmt.Errorf("total: %w", err)
	}
	return catalog.TotalOf(counted), nil
}

// totalOfCounts returns the query for a total from the stored counts.
func totalOfCounts(q catalog.Query, where *conditions) string {
	per := "brand" // every product counts for one brand, even if it is empty
	switch {
	case q.Category != "" && q.Brand != "":
		per = "both"
	case q.Category != "":
		per = "category"
	}
	where.add("per = ?", per)
	where.oneOf("category_slug", q.Categories())
	where.oneOf("brand", q.Brands())
	return "SELECT coalesce(sum(products), 0)::bigint FROM counted_products WHERE " + where.sql()
}
