package postgres

import (
	"context"
	"fmt"

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
	// veryCommon is the share for what a search ranks. A page needs 20 products, a ranking 500.
	veryCommon = 13
	// The shares are those of a sample of so many products. First, a smaller sample is taken. If one in obvious contains the words, and at least
	// obviousHits do, no other sample is needed.
	sampleSize                       = 300
	glanceSize, obvious, obviousHits = 100, 5, 20
)

// wanted is what a search looks for, in the terms of PostgreSQL.
type wanted struct {
	// plain is compared with titles.
	plain string
	// query is empty if no product can be found.
	query string
	// common is set if many products contain the words, and veryCommon if so many do that the newest matches are not far apart.
	common, veryCommon bool
}

// toRank returns what to look for if as many products as are ranked are needed, and not those of a page alone.
func (w wanted) toRank() wanted {
	w.common = w.veryCommon
	return w
}

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

// wantedBy returns what a query looks for, or nil if it has a text without words. It also returns the newest matches, if it had to read them.
func (s *Store) wantedBy(ctx context.Context, q catalog.Query) (*wanted, *matches, error) {
	if q.Text == "" {
		return &wanted{}, nil, nil
	}
	w, found, err := s.understand(ctx, q)
	if err != nil || w.query == "" {
		return nil, nil, err
	}
	return &w, found, nil
}

// understand returns what to look for. If few products contain the words, it is similar words as well, and if still none is found,
// all words but one. It does not depend on the filters, the order or the page.
func (s *Store) understand(ctx context.Context, q catalog.Query) (w wanted, found *matches, err error) {
	search, err := s.parse(ctx, q.Text)
	if err != nil || search.Empty() {
		return w, nil, err
	}
	if search, err = s.withSynonyms(ctx, search); err != nil {
		return w, nil, err
	}
	w = wanted{plain: search.Plain, query: search.TSQuery()}
	n, found, err := s.survey(ctx, q, &w)
	if err != nil || n >= thin {
		return w, found, err
	}
	corrected, err := s.correct(ctx, search)
	if err != nil {
		return w, nil, err
	}
	if corrected != nil {
		w.query = corrected.TSQuery()
		if n, found, err = s.survey(ctx, q, &w); err != nil {
			return w, nil, err
		}
	}
	if loose := search.Loose(); n == 0 && loose != "" {
		w.query = loose
		_, found, err = s.survey(ctx, q, &w)
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

// sample counts the products on sale that a query finds among some from all over the table, and all that it looked at. They are the
// same ones each time. A block of the table has at most 8 products.
func (s *Store) sample(ctx context.Context, query string, size int) (hits, seen int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE ts_match_vq(words, to_tsquery('words', $1))), count(*) FROM (
		SELECT words FROM products
		TABLESAMPLE SYSTEM (least(100, 100.0 * $2::int / 8 * current_setting('block_size')::int / greatest(pg_relation_size('products'), 1))) REPEATABLE (1)
		WHERE NOT withdrawn AND status IS NULL LIMIT $2) AS sampled`, query, size).Scan(&hits, &seen)
	if err != nil {
		return 0, 0, fmt.Errorf("search: %w", err)
	}
	return hits, seen, nil
}

// isObvious reports whether a small sample is enough to see that many products contain the words, and the number of those in it.
func (s *Store) isObvious(ctx context.Context, query string) (yes bool, hits int, err error) {
	hits, seen, err := s.sample(ctx, query, glanceSize)
	return hits >= obviousHits && hits*obvious >= seen, hits, err
}

// survey finds out whether many products contain the words, and returns their number as far as it matters. For the first page of a search without
// filters, it returns the newest matches as well, because reading these takes as long as counting.
func (s *Store) survey(ctx context.Context, q catalog.Query, w *wanted) (n int, found *matches, err error) {
	w.common, n, err = s.isObvious(ctx, w.query)
	w.veryCommon = w.common
	if err != nil || w.common {
		return n, nil, err
	}
	if n > 1 { // otherwise the words are not common
		hits, seen, err := s.sample(ctx, w.query, sampleSize)
		enough := func(share int) bool { return hits >= thin && hits*share >= seen }
		if w.common, w.veryCommon = enough(common), enough(veryCommon); err != nil || w.common {
			return hits, nil, err
		}
	}
	if !isFiltered(q) && q.Sort == catalog.ByRelevance && q.After == nil {
		if found, err = s.newestMatches(ctx, q, *w); err != nil {
			return 0, nil, err
		}
		return len(found.ids), found, nil
	}
	if err := s.pool.QueryRow(ctx, `SELECT count_found(to_tsquery('words', $1), $2)`, w.query, thin).Scan(&n); err != nil {
		return 0, nil, fmt.Errorf("search: %w", err)
	}
	return n, nil, nil
}

// correct returns a search with similar words of the vocabulary beside its own, or nil if there are none.
func (s *Store) correct(ctx context.Context, search *words.Search) (*words.Search, error) {
	var asked, slips []string
	for _, word := range search.Misspelled() {
		for _, slip := range words.Slips(word) {
			asked, slips = append(asked, word), append(slips, slip)
		}
	}
	if len(asked) == 0 {
		return nil, nil
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
