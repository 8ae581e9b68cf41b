package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

const (
	// thin is the number of products below which a search also finds similar words, because its words may be misspelled, by the
	// shopper or in the few products.
	thin = 5
	// common is the share of products, one in so many, from which on a search reads products in the order of the list until a page
	// is full. Below, it reads all that it finds and sorts them. PostgreSQL does not know which is better: it cannot estimate
	// how many products contain the beginning of a word, or two words at once.
	common = 25
	// veryCommon is the share for what a search ranks. A page needs 20 products, a ranking 300.
	veryCommon = 18
	// frequent is the share from which on only recent products are read if the newest matches are wanted.
	frequent = 60
	// sampleBlocks is the number of blocks of the table in the sample that the shares are estimated from. A block has about 6 products.
	sampleBlocks = 100
)

// wanted is what a search looks for, in the terms of PostgreSQL.
type wanted struct {
	// plain is compared with titles.
	plain string
	// query is empty if no product can be found.
	query string
	// sampled are the products that contain the words among some.
	sampled sampled
	// common is set if many products contain the words.
	common bool
}

// toRank returns what to look for if as many products as are ranked are needed, and not those of a page alone.
func (w wanted) toRank() wanted {
	w.common = w.sampled.atLeast(veryCommon)
	return w
}

// sampled is a sample of products.
type sampled struct {
	// hits are those that contain the words of a search.
	hits, seen int
}

// atLeast reports whether one in so many products contains the words.
func (s sampled) atLeast(share int) bool { return s.hits >= thin && s.hits*share >= s.seen }

// search restricts p to the products that a text finds. It must be the first condition, so that the query is $1.
func (c *conditions) search(w wanted) (from string) {
	from = " CROSS JOIN to_tsquery('words', " + c.param(w.query) + ") AS search (query)"
	if w.common && !c.filtered {
		// Unlike the operator @@, its function uses no index, so that the products are read in the order of the list.
		c.parts = append(c.parts, "ts_match_vq(p.words, search.query)")
	} else {
		c.parts = append(c.parts, "p.words @@ search.query")
	}
	return from
}

// wantedBy returns what a query looks for, or nil if it has a text without words. It also returns the newest matches, if it had to read them:
// with the facts that facets count, if asked for.
func (s *Store) wantedBy(ctx context.Context, q catalog.Query, withFacts bool) (*wanted, *matches, error) {
	if q.Text == "" {
		return &wanted{}, nil, nil
	}
	w, found, err := s.understand(ctx, q, withFacts)
	if err != nil || w.query == "" {
		return nil, nil, err
	}
	return &w, found, nil
}

// understand returns what to look for. If few products contain the words, it is similar words as well, and if still none is found,
// all words but one. It does not depend on the filters, the order or the page.
func (s *Store) understand(ctx context.Context, q catalog.Query, withFacts bool) (w wanted, found *matches, err error) {
	search, err := s.parse(ctx, q.Text)
	if err != nil || search.Empty() {
		return w, nil, err
	}
	if search, err = s.withSynonyms(ctx, search); err != nil {
		return w, nil, err
	}
	completed, err := s.complete(ctx, search)
	if err != nil {
		return w, nil, err
	}
	w = wanted{plain: search.Plain, query: completed.TSQuery()}
	n, found, err := s.survey(ctx, q, withFacts, &w)
	if err != nil || n >= thin {
		return w, found, err
	}
	corrected, err := s.correct(ctx, search)
	if err != nil {
		return w, nil, err
	}
	if wider := corrected.TSQuery(); wider != w.query {
		w.query = wider
		if n, found, err = s.survey(ctx, q, withFacts, &w); err != nil {
			return w, nil, err
		}
	}
	if loose := search.Loose(); n == 0 && loose != "" {
		w.query = loose
		_, found, err = s.survey(ctx, q, withFacts, &w)
	}
	return w, found, err
}

// parse reads a search. A title with a dash before a word excludes nothing, if there is such a product.
func (s *Store) parse(ctx context.Context, text string) (*words.Search, error) {
	search := words.Parse(text)
	if !search.Excludes {
		return search, nil
	}
	var title bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM products WHERE plain_title = $1 AND NOT withdrawn AND status IS NULL)`, search.Whole).Scan(&title)
	if err != nil {
		return search, fmt.Errorf("search: %w", err)
	}
	if title {
		return words.Unexcluded(text), nil
	}
	return search, nil
}

// sampleOf returns what follows a table of products in a query for those on sale in some blocks from all over the table. They are the same ones
// each time.
func sampleOf(blocks string) string {
	return `TABLESAMPLE SYSTEM (least(100, 100.0 * ` + blocks + `::int * current_setting('block_size')::int / greatest(pg_relation_size('products'), 1)))
		REPEATABLE (1) WHERE NOT withdrawn AND status IS NULL`
}

// sample counts the products on sale that a query finds in a sample, and all in it.
func (s *Store) sample(ctx context.Context, query string) (found sampled, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE ts_match_vq(words, (SELECT to_tsquery('words', $1)))), count(*)
		FROM (SELECT words FROM products `+sampleOf("$2")+`) AS sampled`, query, sampleBlocks).Scan(&found.hits, &found.seen)
	if err != nil {
		return sampled{}, fmt.Errorf("search: %w", err)
	}
	return found, nil
}

// since returns the time since which about so many products that contain the words were created. It is nil if that is long ago, or if there are not
// so many. What was found among some products need not hold for these, so that there may be far fewer.
func (s *Store) since(ctx context.Context, found sampled, wanted int) (*time.Time, error) {
	if !found.atLeast(frequent) {
		return nil, nil
	}
	likely := float64(found.hits) - math.Sqrt(float64(found.hits)) // the sample may have more than its share
	var at time.Time
	err := s.pool.QueryRow(ctx, `SELECT created_at FROM products WHERE NOT withdrawn ORDER BY created_at DESC, id DESC OFFSET $1 LIMIT 1`,
		int(float64(wanted*found.seen)/likely)).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) { // there are fewer products
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return &at, nil
}

// survey finds out whether many products contain the words, and returns their number as far as it matters. For the first page of a search without
// filters, it returns the newest matches as well, because reading these takes as long as counting.
func (s *Store) survey(ctx context.Context, q catalog.Query, withFacts bool, w *wanted) (n int, found *matches, err error) {
	if w.sampled, err = s.sample(ctx, w.query); err != nil {
		return 0, nil, err
	}
	if w.common = w.sampled.atLeast(common); w.common {
		return w.sampled.hits, nil, nil
	}
	if !isFiltered(q) && q.Sort == catalog.ByRelevance && q.After == nil {
		if found, err = s.newestMatches(ctx, q, withFacts, *w); err != nil {
			return 0, nil, err
		}
		return len(found.ids), found, nil
	}
	if err := s.pool.QueryRow(ctx, `SELECT count_found(to_tsquery('words', $1), $2)`, w.query, thin).Scan(&n); err != nil {
		return 0, nil, fmt.Errorf("search: %w", err)
	}
	return n, nil, nil
}

// correct returns a search with similar words of the vocabulary beside its own, if there are any.
func (s *Store) correct(ctx context.Context, search *words.Search) (*words.Search, error) {
	var asked, slips []string
	for _, word := range search.Misspelled() {
		for _, slip := range words.Slips(word) {
			asked, slips = append(asked, word), append(slips, slip)
		}
	}
	if len(asked) == 0 {
		return search, nil
	}
	rows, err := s.pool.Query(ctx, `
		SELECT asked.word, near.word FROM (SELECT DISTINCT unnest($1::text[])) AS asked (word), similar_words(asked.word) AS near (word)
		UNION SELECT asked.word, v.word FROM unnest($1::text[], $2::text[]) AS asked (word, slip) JOIN vocabulary v ON v.word = asked.slip`, asked, slips)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	candidates := map[string][]string{}
	var word, similar string
	if _, err := pgx.ForEachRow(rows, []any{&word, &similar}, func() error {
		candidates[word] = append(candidates[word], similar)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return search.Correct(candidates), nil
}
