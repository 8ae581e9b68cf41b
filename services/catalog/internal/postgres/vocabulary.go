package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/words"
)

const (
	// titleBlocks is the number of blocks of the table in the sample whose titles are counted, about 12,000 products.
	titleBlocks = 2000
	// wordBatch is the maximum number of words of the vocabulary that one statement changes, because who adds a product with one of them
	// waits until it has ended.
	wordBatch = 2000
	// wordsRead is the maximum number of words that a beginning stands for, if it does not stand for any.
	wordsRead = 20
)

// last is greater than every text with a prefix, once the prefix is before it.
const last = "\U0010FFFF"

// wordsBeginning returns words of the vocabulary with a beginning, the commonest first, one more than wordsRead at most.
func (s *Store) wordsBeginning(ctx context.Context, beginning string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT word FROM vocabulary WHERE word ~>=~ $1 AND word ~<~ $2 ORDER BY titles DESC, word LIMIT $3`,
		beginning, beginning+last, wordsRead+1)
	if err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	return found, nil
}

// complete returns a search with the last word as the beginning of words of the vocabulary alone, if it is one of them and there are few. An index of words
// reads all products of a word faster than those of a beginning.
func (s *Store) complete(ctx context.Context, search *words.Search) (*words.Search, error) {
	word := search.Last()
	if word == "" {
		return search, nil
	}
	known, err := s.wordsBeginning(ctx, word)
	if err != nil || len(known) > wordsRead || !slices.Contains(known, word) {
		return search, err
	}
	return search.Completed(known), nil
}

// queueVocabulary adds the words of a product to the vocabulary. They are sorted, so that concurrent writers do not deadlock.
func queueVocabulary(batch *pgx.Batch, document words.Document) {
	batch.Queue(`INSERT INTO vocabulary (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, document.Vocabulary)
}

// CountTitles implements catalog.Store. Words that another replica changes are left to it.
func (s *Store) CountTitles(ctx context.Context) (changed int, err error) {
	tag, err := s.pool.Exec(ctx, `
		WITH counted AS (
			SELECT word, count(*) AS titles
			FROM (SELECT plain_title FROM products `+sampleOf("$1")+`) AS sampled, unnest(string_to_array(plain_title, ' ')) AS word
			GROUP BY word
		),
		changed AS (
			SELECT word, coalesce(counted.titles, 0) AS titles FROM vocabulary LEFT JOIN counted USING (word)
			WHERE vocabulary.titles <> coalesce(counted.titles, 0)
			ORDER BY word LIMIT $2 FOR UPDATE OF vocabulary SKIP LOCKED
		)
		UPDATE vocabulary SET titles = changed.titles FROM changed WHERE vocabulary.word = changed.word`, titleBlocks, wordBatch)
	if err != nil {
		return 0, fmt.Errorf("count titles: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
