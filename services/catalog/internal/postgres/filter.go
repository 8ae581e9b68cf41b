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
	return !q.FiltersByPrice() && !q.OnlyIDs && len(q.Options) == 0
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

// origins restricts p to products of any of the categories of a query, and of any of its brands.
func (c *conditions) origins(q catalog.Query) {
	c.origin("p.category_slug", q.Categories(), q)
	c.origin("p.brand", q.Brands(), q)
}

// origin restricts a column to values, if there are any. With a filter by options, it uses the index of options, which has the column as well.
func (c *conditions) origin(column string, values []string, q catalog.Query) {
	if len(q.Options) > 0 && len(values) > 0 {
		c.add("ARRAY["+column+"] && ?::text[]", values)
		return
	}
	c.oneOf(column, values)
}

// options restricts p to products with the values of each option.
func (c *conditions) options(options []catalog.OptionFilter) {
	for _, o := range options {
		values := make([]string, len(o.Values))
		for i, value := range o.Values {
			values[i] = optionValue(o.Name, value)
		}
		c.add("p.option_values && ?::text[]", values)
	}
}

// prices restricts p to products with a price in a range. A range with only one bound needs their lowest and highest prices alone, which have
// indexes.
func (c *conditions) prices(lowest, highest *int64) {
	if lowest != nil {
		c.add("p.max_price >= ?", *lowest)
	}
	if highest != nil {
		c.add("p.min_price <= ?", *highest)
	}
	if lowest != nil && highest != nil {
		c.add(`p.id IN (SELECT v.product_id FROM variants v WHERE v.price BETWEEN ? AND ?)`, *lowest, *highest)
	}
}

// oneVariant restricts p to products of which one variant has all options and a price in the range. Other conditions select nearly the same
// products for less.
func (c *conditions) oneVariant(q catalog.Query) {
	if len(q.Options) > 1 || len(q.Options) == 1 && q.FiltersByPrice() {
		c.last = "(SELECT bool_or(" + c.variantMatches(q) + ") FROM variants v WHERE v.product_id = p.id)"
	}
}

// variantMatches returns the condition for a variant v that has the options of a query, and a price in its range.
func (c *conditions) variantMatches(q catalog.Query) string {
	all := []string{"true"}
	for _, o := range q.Options {
		var any []string
		for _, value := range o.Values {
			wanted, _ := json.Marshal([]catalog.Option{{Name: o.Name, Value: value}}) // strings can always be encoded
			any = append(any, "v.options @> "+c.param(string(wanted))+"::jsonb")
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	if q.MinPrice != nil {
		all = append(all, "v.price >= "+c.param(*q.MinPrice))
	}
	if q.MaxPrice != nil {
		all = append(all, "v.price <= "+c.param(*q.MaxPrice))
	}
	return strings.Join(all, " AND ")
}

// total counts the products of a query, up to catalog.MaxTotal. found are its newest matches, or nil.
func (s *Store) total(ctx context.Context, q catalog.Query, w wanted, found *matches) (*catalog.Total, error) {
	if found != nil && found.oldest == nil { // no others match
		return catalog.TotalOf(int64(len(found.ids))), nil
	}
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
