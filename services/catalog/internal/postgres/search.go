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
	// The share is that of a sample of so many products. The sample is taken if the index finds so many.
	sampleSize, sampled = 500, 200
	// First, a smaller sample is taken. If one in obvious contains the words, and at least obviousHits do, the words are common. The index
	// is not read then, because it has an entry for each product with a word.
	glanceSize, obvious, obviousHits = 100, 5, 20
)

// wanted is what a search looks for, in the terms of PostgreSQL.
type wanted struct {
	// plain is compared with titles.
	plain string
	// query is empty if no product can be found.
	query string
	// common is set if many products contain the words.
	common bool
}

// search restricts p to the products that a text finds. It must be the first condition, so that the text is $1.
func (c *conditions) search(w wanted) (from string) {
	from = " CROSS JOIN (SELECT " + c.param(w.plain) + "::text, to_tsquery('words', " + c.param(w.query) + ")) AS search (plain, query)"
	if w.common && !c.filtered {
		// Unlike the operator @@, its function uses no index, so that the products are read in the order of the list.
		c.parts = append(c.parts, "ts_match_vq(p.words, search.query)")
	} else {
		c.parts = append(c.parts, "p.words @@ search.query")
	}
	return from
}

// wantedBy returns what a query looks for, or nil if it has a text without words.
func (s *Store) wantedBy(ctx context.Context, q catalog.Query) (*wanted, error) {
	if q.Text == "" {
		return &wanted{}, nil
	}
	w, err := s.understand(ctx, q.Text)
	if err != nil || w.query == "" {
		return nil, err
	}
	return &w, nil
}

// understand returns what to look for. If few products contain the words, it is similar words as well, and if still none is found,
// all words but one. It does not depend on the filters, the order or the page.
func (s *Store) understand(ctx context.Context, text string) (wanted, error) {
	search, err := s.parse(ctx, text)
	if err != nil || search.Empty() {
		return wanted{}, err
	}
	if search, err = s.withSynonyms(ctx, search); err != nil {
		return wanted{}, err
	}
	w := wanted{plain: search.Plain, query: search.TSQuery()}
	found, err := s.survey(ctx, &w)
	if err != nil || found >= thin {
		return w, err
	}
	corrected, err := s.correct(ctx, search)
	if err != nil {
		return w, err
	}
	if corrected != nil {
		w.query = corrected.TSQuery()
		if found, err = s.survey(ctx, &w); err != nil {
			return w, err
		}
	}
	if loose := search.Loose(); found == 0 && loose != "" {
		w.query = loose
		_, err = s.survey(ctx, &w)
	}
	return w, err
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

// survey finds out whether many products contain the words, and returns their number as far as it matters.
func (s *Store) survey(ctx context.Context, w *wanted) (found int, err error) {
	if w.common, found, err = s.isObvious(ctx, w.query); err != nil || w.common {
		return found, err
	}
	if err := s.pool.QueryRow(ctx, `SELECT count_found(to_tsquery('words', $1), $2)`, w.query, sampled).Scan(&found); err != nil {
		return 0, fmt.Errorf("search: %w", err)
	}
	if found < sampled {
		return found, nil
	}
	hits, seen, err := s.sample(ctx, w.query, sampleSize)
	w.common = hits > 0 && hits*common >= seen
	return found, err
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
