package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
)

const (
	// candidates is the number of matches, the newest ones, that a search ranks and that a facet without stored counts counts.
	// So a common word costs the same however many products contain it.
	candidates = 1000
	// older is the prefix of the key of an unranked match. The creation time of the product follows.
	older = "older "
)

// wording is the way in which a text finds products.
type wording int

const (
	// byWords finds products that contain the words.
	byWords wording = iota
	// bySimilarTitle finds products with a similar title, for misspelled words.
	bySimilarTitle
)

// relevance is the rank of a match. Words in the title have the highest weight, and a title that consists of the searched words
// ranks higher still. $1 is the text.
const relevance = `(ts_rank(p.search, search.query) + word_similarity($1, p.title))::float8`

var (
	// operators match exclusions and phrases of a web search. With them, similar titles are not searched.
	operators = regexp.MustCompile(`"|(^|\s)-`)
	// unfinished splits a search into the beginning and the last word, which the shopper may still be typing. It does not match
	// codes such as SKUs, phrases and exclusions.
	unfinished = regexp.MustCompile(`^((?:[^"]*\s)?)(\pL{2,})$`)
)

// search restricts p to the products that a text finds. It must be the first condition, so that the text is $1.
func (c *conditions) search(text string, w wording) (from string) {
	from = " CROSS JOIN (SELECT " + c.textQuery(text) + ") AS search (query)"
	if w == bySimilarTitle {
		c.parts = append(c.parts, "p.id IN (SELECT similar_titles($1))")
	} else {
		c.parts = append(c.parts, "p.search @@ search.query")
	}
	return from
}

// textQuery returns the tsquery for a text: the words of a web search, or the same with the last word as a prefix.
func (c *conditions) textQuery(text string) string {
	whole := "websearch_to_tsquery('english', " + c.param(text) + ")"
	parts := unfinished.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return whole
	}
	before, prefix := c.param(parts[1]), c.param(parts[2]+":*")
	return whole + " || (websearch_to_tsquery('english', " + before + ") && to_tsquery('english', " + prefix + "))"
}

// misspelled reports whether no product on sale contains the words of a query, so that similar titles must be searched instead.
func (s *Store) misspelled(ctx context.Context, q catalog.Query) (bool, error) {
	if q.Text == "" || operators.MatchString(q.Text) {
		return false, nil
	}
	from, where := matching(catalog.Query{Text: q.Text}, byWords)
	var found bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+from+` WHERE `+where.sql()+`)`, where.args()...).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("search: %w", err)
	}
	return !found, nil
}

// search returns the newest matches by relevance, followed by the older ones, the newest first.
func (s *Store) search(ctx context.Context, q catalog.Query, w wording) (ranked []catalog.Listed, err error) {
	after := q.After
	if after == nil || !strings.HasPrefix(after.Key, older) {
		if ranked, err = s.page(ctx, q, w); err != nil || len(ranked) > q.Limit || after == nil {
			return ranked, err
		}
		if after, err = s.lastRanked(ctx, q, w); err != nil || after == nil {
			return ranked, err
		}
	}
	q.After = &catalog.Position{Key: strings.TrimPrefix(after.Key, older), ID: after.ID}
	q.Sort, q.Limit = catalog.Newest, q.Limit-len(ranked)
	rest, err := s.page(ctx, q, w)
	for i := range rest {
		rest[i].Key = older + rest[i].Key
	}
	return append(ranked, rest...), err
}

// lastRanked returns the position of the oldest ranked match in the order of age, or nil if all matches are ranked.
func (s *Store) lastRanked(ctx context.Context, q catalog.Query, w wording) (*catalog.Position, error) {
	from, where := matching(q, w)
	var last catalog.Position
	err := s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT created_at::text, id FROM %s AS p ORDER BY created_at DESC, id DESC OFFSET %d`,
		newest("p.created_at, p.id", from, &where), candidates-1), where.args()...).Scan(&last.Key, &last.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return &last, nil
}
