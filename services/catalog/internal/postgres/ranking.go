package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

const (
	// ranked is the number of matches, the newest ones, that a search ranks and counts in facets. So a common word costs the same however
	// many products contain it.
	ranked = 500
	// mostRanked is the number of matches that a page after the first ranks at most: those of the first page, and products that were added
	// since.
	mostRanked = 2 * ranked
	// older is the prefix of the key of an unranked match. The creation time of the product follows.
	older = "older "
	// oldestSeparator stands between the time and the ID of the oldest ranked match.
	oldestSeparator = " / "
)

// relevance is the rank of a match. Words in the title have the highest weight, and a title that consists of the searched words
// ranks higher still. $1 is the text, $2 the query. The word_similarity of a title that contains the text is 1; to find that out takes less
// time.
const relevance = `(ts_rank(p.words, to_tsquery('words', $2)) + similarity($1, p.plain_title) +
	CASE WHEN strpos(' ' || p.plain_title || ' ', ' ' || $1 || ' ') > 0 THEN 1 ELSE word_similarity($1, p.plain_title) END)::float8`

// matches are the newest matches of a search, the best first. They are found once for all that a page shows of them.
type matches struct {
	ids []string
	// ranks are those of the IDs.
	ranks map[string]float64
	// oldest is the position of the oldest one, or "" if no others match.
	oldest string
}

// newestMatches returns the newest matches of a search.
func (s *Store) newestMatches(ctx context.Context, q catalog.Query, w wanted) (*matches, error) {
	w = w.toRank()
	from, where := matching(q, w)
	products := newest("p.id, p.created_at, p.words, p.plain_title", from, &where, w, ranked)
	if !w.common && !where.filtered {
		where.params = where.params[:2]
		products = fmt.Sprintf("newest_found(to_tsquery('words', $2), %s)", where.param(ranked))
	}
	rows, err := s.pool.Query(ctx, `SELECT id, created_at::text, `+relevance+` FROM `+products+` AS p ORDER BY created_at DESC, id DESC`, where.args()...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	m := &matches{ranks: map[string]float64{}}
	var id, at string
	var rank float64
	if _, err := pgx.ForEachRow(rows, []any{&id, &at, &rank}, func() error {
		m.ids, m.ranks[id] = append(m.ids, id), rank
		return nil
	}); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if len(m.ids) == ranked {
		m.oldest = at + oldestSeparator + id
	}
	slices.SortFunc(m.ids, func(a, b string) int { return cmp.Or(cmp.Compare(m.ranks[b], m.ranks[a]), cmp.Compare(b, a)) })
	return m, nil
}

// search returns the newest matches by relevance, followed by the older ones, the newest first. found are those of the first page.
func (s *Store) search(ctx context.Context, q catalog.Query, w wanted, found *matches) (page []catalog.Listed, err error) {
	if q.After == nil {
		return s.rankedFirst(ctx, q, found)
	}
	after := q.After
	if !strings.HasPrefix(after.Key, older) {
		if page, err = s.rankedAfter(ctx, q, w); err != nil || len(page) > q.Limit {
			return page, err
		}
		if after, err = s.lastRanked(ctx, q, w); err != nil || after == nil {
			return page, err
		}
	}
	q.After = &catalog.Position{Key: strings.TrimPrefix(after.Key, older), ID: after.ID}
	q.Sort, q.Limit = catalog.Newest, q.Limit-len(page)
	rest, err := s.page(ctx, q, w)
	for i := range rest {
		rest[i].Key = older + rest[i].Key
	}
	return append(page, rest...), err
}

// rankedFirst returns the first page without variants, at most one more than the limit.
func (s *Store) rankedFirst(ctx context.Context, q catalog.Query, found *matches) ([]catalog.Listed, error) {
	limit := q.Limit + 1
	page, err := s.inOrder(ctx, q, found.ids[:min(len(found.ids), limit)], limit)
	if err == nil && len(page) < limit && len(found.ids) > limit { // some have just been withdrawn
		page, err = s.inOrder(ctx, q, found.ids, limit)
	}
	for i, l := range page {
		page[i].Key, page[i].Oldest = strconv.FormatFloat(found.ranks[l.Product.ID], 'g', -1, 64), found.oldest
	}
	return page, err
}

// inOrder returns the first of these products that are on sale, in this order.
func (s *Store) inOrder(ctx context.Context, q catalog.Query, ids []string, limit int) ([]catalog.Listed, error) {
	var params conditions
	in := params.param(ids) + "::uuid[]"
	return s.listed(ctx, q, `SELECT `+columnsOf(q)+`, '', '' FROM products p
		WHERE p.id = ANY(`+in+`) AND `+listed+` ORDER BY array_position(`+in+`, p.id) LIMIT `+params.param(limit), params)
}

// rankedAfter returns ranked matches of a page after the first.
func (s *Store) rankedAfter(ctx context.Context, q catalog.Query, w wanted) ([]catalog.Listed, error) {
	candidates, params := ranking(q, w)
	after := fmt.Sprintf("(rank, id) < (%s::text::float8, %s::uuid)", params.param(q.After.Key), params.param(q.After.ID))
	page, err := s.listed(ctx, q, fmt.Sprintf(byRank, columnsOf(q), candidates, after, params.param(q.Limit+1)), params)
	for i := range page {
		page[i].Oldest = q.After.Oldest
	}
	return page, err
}

// byRank is the query for the matches with the highest ranks, of which it reads whole products. Its parts are the columns, the matches, a
// condition, and the limit.
const byRank = `SELECT %s, top.rank::text, '' FROM (
		SELECT id, rank FROM (SELECT p.id, ` + relevance + ` AS rank FROM %s AS p OFFSET 0) AS ranked
		WHERE %s ORDER BY rank DESC, id DESC LIMIT %s
	) AS top JOIN products p ON p.id = top.id ORDER BY top.rank DESC, top.id DESC`

// ranking returns a subquery for the matches that a page after the first ranks. It begins at the oldest match that the first one ranked.
func ranking(q catalog.Query, w wanted) (candidates string, where conditions) {
	w = w.toRank()
	from, where := matching(q, w)
	if oldest := oldestOf(q); oldest != nil {
		where.add("(p.created_at, p.id) >= (?::text::timestamptz, ?::text::uuid)", oldest.Key, oldest.ID)
	}
	return newest("p.id, p.created_at, p.words, p.plain_title", from, &where, w, mostRanked), where
}

// oldestOf returns the position of the oldest match that the first page ranked, or nil if it ranked all.
func oldestOf(q catalog.Query) *catalog.Position {
	at, id, known := strings.Cut(q.After.Oldest, oldestSeparator)
	if !known {
		return nil
	}
	return &catalog.Position{Key: at, ID: id}
}

// lastRanked returns the position of the oldest ranked match in the order of age, or nil if all matches are ranked.
func (s *Store) lastRanked(ctx context.Context, q catalog.Query, w wanted) (*catalog.Position, error) {
	candidates, params := ranking(q, w)
	var last catalog.Position
	err := s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT created_at::text, id FROM %s AS p ORDER BY created_at DESC, id DESC OFFSET %d`,
		candidates, mostRanked-1), params.args()...).Scan(&last.Key, &last.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return oldestOf(q), nil
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return &last, nil
}
