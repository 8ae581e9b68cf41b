package postgres

import (
	"context"
	"fmt"

	"souk/services/catalog/internal/catalog"
)

// near is the number of products of a list, the next ones, that a filter by options looks at first. If they fill the page, the index of options is
// not read, because that reads every product with a common value.
const near = 500

// isWalked reports whether a query filters by options, and an index has the list without that filter in its order.
func isWalked(q catalog.Query) bool {
	single := len(q.Categories())+len(q.Brands()) <= 1
	priced := q.MinPrice == nil && (q.MaxPrice == nil || q.Sort == catalog.PriceAsc || q.Sort == catalog.PriceDesc)
	return q.Text == "" && len(q.Options) > 0 && !q.OnlyIDs && single && priced
}

// nearPage returns what page does, as far as it is among the next products of the list. It reports whether no others can be on the page. There is one
// plan for all values, because planning would take as long as reading.
func (s *Store) nearPage(ctx context.Context, q catalog.Query) (page []catalog.Listed, complete bool, err error) {
	all := q
	all.Options = nil
	from, where := matching(all, wanted{})
	key, by := where.following(q)
	next := fmt.Sprintf(`FROM %s WHERE %s %s LIMIT %d`, from, where.sql(), by, near)
	where.parts = nil
	where.options(q.Options)
	where.oneVariant(q)
	// How many products there were to look at matters only if the page is not full.
	sql := fmt.Sprintf(`WITH matching AS MATERIALIZED (SELECT p.id FROM (SELECT p.id, p.option_values %s) AS p WHERE %s LIMIT %d)
		SELECT %s, %s, '', CASE WHEN (SELECT count(*) FROM matching) <= %d THEN (SELECT count(*) FROM (SELECT %s) AS near) END
		FROM matching JOIN products p USING (id) %s`, next, where.sql(), q.Limit+1, columnsOf(q), key, q.Limit, next, by)
	var read *int
	page, err = s.listed(ctx, q, sql, where.params, &read)
	return page, len(page) > q.Limit || read != nil && *read < near, err
}
