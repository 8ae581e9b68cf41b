package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/services/catalog/internal/words"
)

const (
	// titleBlocks is the number of blocks of the table in the sample whose titles are counted, about 12,000 products.
	titleBlocks = 2000
	// wordBatch is the maximum number of words of the vocabulary that one statement changes, because who adds a product with one of them
	// waits until it has ended.
	wordBatch = 2000
)

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
