package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

const (
	// ranked is the number of matches, the newest ones, that a search ranks and counts in facets. So a common word costs the same however
	// many products contain it.
	ranked = 300
	// fewRanked is the number of matches that are enough if the number of recent ones was overestimated.
	fewRanked = ranked / 2
	// mostRanked is the number of matches that a page after the first ranks at most: those of the first page, and products that were added
	// since.
	mostRanked = 2 * ranked
	// older is the prefix of the key of an unranked match. The creation time of the product follows.
	older = "older "
	// oldestSeparator stands between the time and the ID of the oldest ranked match.
	oldestSeparator = " / "
)

// match is a product that a search finds.
type match struct {
	id      string
	created time.Time
	rank    float64
	facts   facts
}

// facts are what facets count of a product.
type facts struct{ categorySlug, category, brand, offer string }

// matches are the newest matches of a search, the best first. They are found once for all that a page shows of them.
type matches struct {
	ids []string
	// ranks are those of the IDs.
	ranks map[string]float64
	// facts are those of the IDs, if they were asked for.
	facts []facts
	// oldest is the oldest one, or nil if no older ones match.
	oldest *catalog.Position
}

// newestMatches returns the newest matches of a search, with their facts if asked for. For a page after the first, they begin at the oldest match
// that the first one ranked.
func (s *Store) newestMatches(ctx context.Context, q catalog.Query, withFacts bool, w wanted) (*matches, error) {
	w = w.toRank()
	most, oldest := ranked, oldestOf(q)
	if q.After != nil && isRanked(q) {
		most = mostRanked
	}
	found, recent, err := s.newestWith(ctx, q, withFacts, w, most, oldest)
	if oldest != nil && badKey(err) {
		return nil, catalog.ErrBadCursor
	}
	if err != nil {
		return nil, err
	}
	if len(found) == most || recent { // there may be others
		last := slices.MinFunc(found, func(a, b match) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
		oldest = &catalog.Position{Key: last.created.UTC().Format(time.RFC3339Nano), ID: last.id}
	}
	return inOrder(found, oldest), nil
}

// newestWith returns at most so many of the newest matches, in any order. It reports whether it only looked for recent ones.
func (s *Store) newestWith(ctx context.Context, q catalog.Query, withFacts bool, w wanted, most int, oldest *catalog.Position) (found []match, recent bool, err error) {
	from, where := matching(q, w)
	if oldest != nil {
		where.add("(p.created_at, p.id) >= (?::text::timestamptz, ?::text::uuid)", oldest.Key, oldest.ID)
	}
	if oldest != nil || where.filtered {
		found, err = s.ranks(ctx, withFacts, newestOf(from, &where, w, most), where, w)
		return found, false, err
	}
	if q.After == nil {
		if found, err = s.recent(ctx, withFacts, from, where, w); err != nil || len(found) >= fewRanked {
			return found, true, err
		}
	}
	found, err = s.ranks(ctx, withFacts, fmt.Sprintf("newest_matches(to_tsquery('words', $1), %d)", most), where, w)
	return found, false, err
}

// recent returns the newest matches among recent products. There are none if the words are rare.
func (s *Store) recent(ctx context.Context, withFacts bool, from string, where conditions, w wanted) ([]match, error) {
	since, err := s.since(ctx, w.sampled, ranked)
	if err != nil || since == nil {
		return nil, err
	}
	where.add("p.created_at >= ?", *since)
	return s.ranks(ctx, withFacts, newestOf(from, &where, w, ranked), where, w)
}

// newestOf returns a subquery for what is known of the newest matches.
func newestOf(from string, where *conditions, w wanted, most int) string {
	return newest("p.id, p.created_at, p.words, p.plain_title, p.category_slug, p.category, p.brand, p.offer", from, where, w, most)
}

// ranks reads matches with PostgreSQL's ranks for their words, of which those in the title have the highest weight. It adds how much the titles
// are like the text.
func (s *Store) ranks(ctx context.Context, withFacts bool, newest string, where conditions, w wanted) ([]match, error) {
	columns := "id, created_at, ts_rank(words, to_tsquery('words', $1)), plain_title"
	if withFacts {
		columns += ", category_slug, category, brand, " + fmt.Sprintf(offerOf, "newest.id", "newest.offer")
	}
	rows, err := s.pool.Query(ctx, "SELECT "+columns+" FROM "+newest+" AS newest", where.args()...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	text := words.LikenessTo(w.plain)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m match, err error) {
		var title string
		into := []any{&m.id, &m.created, &m.rank, &title}
		if withFacts {
			into = append(into, &m.facts.categorySlug, &m.facts.category, &m.facts.brand, &m.facts.offer)
		}
		err = row.Scan(into...)
		m.rank += text.Of(title)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// inOrder sorts matches by their ranks.
func inOrder(found []match, oldest *catalog.Position) *matches {
	slices.SortFunc(found, func(a, b match) int { return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.id, a.id)) })
	m := &matches{ids: make([]string, len(found)), ranks: make(map[string]float64, len(found)), facts: make([]facts, len(found)), oldest: oldest}
	for i, f := range found {
		m.ids[i], m.ranks[f.id], m.facts[i] = f.id, f.rank, f.facts
	}
	return m
}

// isRanked reports whether the page of a search begins with ranked matches, and not with older ones.
func isRanked(q catalog.Query) bool {
	return q.Sort == catalog.ByRelevance && (q.After == nil || !strings.HasPrefix(q.After.Key, older))
}

// oldestOf returns the position of the oldest match that the first page ranked, or nil if it ranked all.
func oldestOf(q catalog.Query) *catalog.Position {
	if q.After == nil {
		return nil
	}
	at, id, known := strings.Cut(q.After.Oldest, oldestSeparator)
	if !known {
		return nil
	}
	return &catalog.Position{Key: at, ID: id}
}

// search returns the newest matches by relevance, followed by the older ones, the newest first.
func (s *Store) search(ctx context.Context, q catalog.Query, w wanted, found *matches) (page []catalog.Listed, err error) {
	var after *catalog.Position
	if isRanked(q) {
		if page, err = s.rankedPage(ctx, q, found); err != nil || len(page) > q.Limit || found.oldest == nil {
			return page, err
		}
		after = found.oldest
	} else {
		after = &catalog.Position{Key: strings.TrimPrefix(q.After.Key, older), ID: q.After.ID}
	}
	q.Sort, q.After, q.Limit = catalog.Newest, after, q.Limit-len(page)
	rest, err := s.page(ctx, q, w)
	for i := range rest {
		rest[i].Key = older + rest[i].Key
	}
	return append(page, rest...), err
}

// rankedPage returns the ranked matches of a page without variants, at most one more than the limit.
func (s *Store) rankedPage(ctx context.Context, q catalog.Query, found *matches) ([]catalog.Listed, error) {
	ids, oldest := found.ids, ""
	if found.oldest != nil {
		oldest = found.oldest.Key + oldestSeparator + found.oldest.ID
	}
	if q.After != nil {
		rank, err := strconv.ParseFloat(q.After.Key, 64)
		if err != nil {
			return nil, catalog.ErrBadCursor
		}
		ids, oldest = found.after(rank, q.After.ID), q.After.Oldest
	}
	limit := q.Limit + 1
	page, err := s.onSale(ctx, q, ids[:min(len(ids), limit)], limit)
	if err == nil && len(page) < limit && len(ids) > limit { // some have just been withdrawn
		page, err = s.onSale(ctx, q, ids, limit)
	}
	for i, l := range page {
		page[i].Key, page[i].Oldest = strconv.FormatFloat(found.ranks[l.Product.ID], 'g', -1, 64), oldest
	}
	return page, err
}

// after returns the matches behind a position.
func (m *matches) after(rank float64, id string) []string {
	i := slices.IndexFunc(m.ids, func(next string) bool {
		return cmp.Or(cmp.Compare(rank, m.ranks[next]), cmp.Compare(id, next)) > 0
	})
	if i < 0 {
		return nil
	}
	return m.ids[i:]
}

// onSale returns the first of these products that are on sale, in this order.
func (s *Store) onSale(ctx context.Context, q catalog.Query, ids []string, limit int) ([]catalog.Listed, error) {
	return s.listed(ctx, q, `SELECT `+columnsOf(q)+`, '', '' FROM products p
		WHERE p.id = ANY($1::uuid[]) AND `+listed+` ORDER BY array_position($1::uuid[], p.id) LIMIT $2`, []any{ids, limit})
}
