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
	// candidates is how many matches a search ranks, and how many a facet counts where no counts are kept: the newest ones. So a
	// common word costs the same however many products have it.
	candidates = 1000
	// older begins the key of a match that is not ranked. The time at which the product was made follows.
	older = "older "
)

// wording says by what a text finds products.
type wording int

const (
	// byWords finds the products that have the words.
	byWords wording = iota
	// bySimilarTitle finds the products with a similar title, for words that are misspelled.
	bySimilarTitle
)

// relevance ranks what is found. Words in the title weigh the most, and a title that is all the search asks for more. $1 is the text.
const relevance = `(ts_rank(p.search, search.query) + word_similarity($1, p.title))::float8`

var (
	// operators are what a web search excludes or takes to the letter. Then nothing similar will do.
	operators = regexp.MustCompile(`"|(^|\s)-`)
	// unfinished splits a search into what comes before and a last word that the shopper may still be typing. Codes such
	// as SKUs, phrases and exclusions are no such word.
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

// textQuery writes the tsquery of a text: the words as a web search takes them, or the same with the last one as a prefix.
func (c *conditions) textQuery(text string) string {
	whole := "websearch_to_tsquery('english', " + c.param(text) + ")"
	parts := unfinished.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return whole
	}
	before, prefix := c.param(parts[1]), c.param(parts[2]+":*")
	return whole + " || (websearch_to_tsquery('english', " + before + ") && to_tsquery('english', " + prefix + "))"
}

// misspelled reports whether no product on sale has the words of a query, so that similar titles are to be found instead.
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

// search lists the newest matches by relevance, and after them the older ones, the newest first.
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

// lastRanked returns where the oldest match that is ranked stands among the newest, or nil when all matches are ranked.
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
