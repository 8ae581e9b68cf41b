package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

const (
	// candidates is the number of matches, the newest ones, that a search ranks and that a facet without stored counts counts.
	// So a common word costs the same however many products contain it.
	candidates = 1000
	// mostRanked is the number of matches that a page after the first ranks at most. It ranks what the first one ranked, and what was added
	// since.
	mostRanked = 2 * candidates
	// older is the prefix of the key of an unranked match. The creation time of the product follows.
	older = "older "
	// oldestSeparator stands between the time and the ID of the oldest ranked match.
	oldestSeparator = " / "
)

// relevance is the rank of a match. Words in the title have the highest weight, and a title that consists of the searched words
// ranks higher still. $1 is the text.
const relevance = `(ts_rank(p.words, p.query) + word_similarity($1, p.plain_title) + similarity($1, p.plain_title))::float8`

// oldestRanked are the time and the ID of the last match that a first page ranks; NULL if there are fewer.
var oldestRanked = fmt.Sprintf(`nth_value(p.created_at, %[1]d) OVER by_age AS oldest_at, nth_value(p.id, %[1]d) OVER by_age AS oldest_id`, candidates)

// byAge is the window of oldestRanked.
const byAge = `WINDOW by_age AS (ORDER BY p.created_at DESC, p.id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`

// search returns the newest matches by relevance, followed by the older ones, the newest first.
func (s *Store) search(ctx context.Context, q catalog.Query, w wanted) (found []catalog.Listed, err error) {
	after := q.After
	if after == nil || !strings.HasPrefix(after.Key, older) {
		if found, err = s.rankedPage(ctx, q, w); err != nil || len(found) > q.Limit || after == nil {
			return found, err
		}
		if after, err = s.lastRanked(ctx, q, w); err != nil || after == nil {
			return found, err
		}
	}
	q.After = &catalog.Position{Key: strings.TrimPrefix(after.Key, older), ID: after.ID}
	q.Sort, q.Limit = catalog.Newest, q.Limit-len(found)
	rest, err := s.page(ctx, q, w)
	for i := range rest {
		rest[i].Key = older + rest[i].Key
	}
	return append(found, rest...), err
}

// ranking returns a subquery for the matches that a page ranks. A page after the first begins at the oldest match that the first one
// ranked.
func ranking(q catalog.Query, w wanted) (matches string, where conditions) {
	from, where := matching(q, w)
	most := candidates
	if q.After != nil {
		most = mostRanked
		if oldest := oldestOf(q); oldest != nil {
			where.add("(p.created_at, p.id) >= (?::text::timestamptz, ?::text::uuid)", oldest.Key, oldest.ID)
		}
	}
	return newest("p.id, p.created_at, p.words, p.plain_title, search.query", from, &where, w, most), where
}

// oldestOf returns the position of the oldest match that the first page ranked, or nil if it ranked all.
func oldestOf(q catalog.Query) *catalog.Position {
	at, id, known := strings.Cut(q.After.Oldest, oldestSeparator)
	if !known {
		return nil
	}
	return &catalog.Position{Key: at, ID: id}
}

// rankedPage returns ranked matches without their variants, at most one more than the limit. Only these are read as a whole.
func (s *Store) rankedPage(ctx context.Context, q catalog.Query, w wanted) ([]catalog.Listed, error) {
	matches, params := ranking(q, w)
	if q.After == nil {
		return s.listed(ctx, q, fmt.Sprintf(ranked, columnsOf(q), "coalesce(top.oldest_at::text || '"+oldestSeparator+"' || top.oldest_id, '')",
			", "+oldestRanked, matches, byAge, "true", params.param(q.Limit+1)), params)
	}
	after := fmt.Sprintf("(rank, id) < (%s::text::float8, %s::uuid)", params.param(q.After.Key), params.param(q.After.ID))
	found, err := s.listed(ctx, q, fmt.Sprintf(ranked, columnsOf(q), "''", "", matches, "", after, params.param(q.Limit+1)), params)
	for i := range found {
		found[i].Oldest = q.After.Oldest
	}
	return found, err
}

// ranked is the query for the matches with the highest ranks. Its parts are the columns to return and those of the oldest match, the columns
// that these are made of, the matches with their window, a condition, and the limit.
const ranked = `SELECT %s, top.rank::text, %s FROM (
		SELECT * FROM (SELECT p.id, ` + relevance + ` AS rank%s FROM %s AS p %s OFFSET 0) AS ranked
		WHERE %s ORDER BY rank DESC, id DESC LIMIT %s
	) AS top JOIN products p ON p.id = top.id ORDER BY top.rank DESC, top.id DESC`

// lastRanked returns the position of the oldest ranked match in the order of age, or nil if all matches are ranked.
func (s *Store) lastRanked(ctx context.Context, q catalog.Query, w wanted) (*catalog.Position, error) {
	matches, params := ranking(q, w)
	var last catalog.Position
	err := s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT created_at::text, id FROM %s AS p ORDER BY created_at DESC, id DESC OFFSET %d`,
		matches, mostRanked-1), params.args()...).Scan(&last.Key, &last.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return oldestOf(q), nil
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return &last, nil
}
