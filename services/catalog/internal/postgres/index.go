package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

// vector is the expression for the words of a product, of three parameters: the words of the title weigh most.
const vector = `setweight(to_tsvector('words', %s), 'A') || setweight(to_tsvector('words', %s), 'B') || setweight(to_tsvector('words', %s), 'C')`

// indexBatch is the number of products whose words are written in one transaction.
const indexBatch = 200

// queueVocabulary adds the words of a product to the vocabulary. They are sorted, so that concurrent writers do not deadlock.
func queueVocabulary(batch *pgx.Batch, document words.Document) {
	batch.Queue(`INSERT INTO vocabulary (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, document.Vocabulary)
}

func documentOf(p catalog.Product, keywords string) words.Document {
	return words.DocumentOf(words.Texts{Title: p.Title, Brand: p.Brand, Category: p.Category, Description: p.Description, Keywords: keywords})
}

// Index implements catalog.Store.
func (s *Store) Index(ctx context.Context) (indexed int, err error) {
	err = pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Products that somebody is writing are left to the next call, and so are those that another replica indexes.
		rows, err := tx.Query(ctx, `SELECT id, title, brand, category, description, keywords FROM products
			WHERE words_version <> version ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`, indexBatch)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		var p catalog.Product
		var keywords string
		var vocabulary words.Document
		if _, err := pgx.ForEachRow(rows, []any{&p.ID, &p.Title, &p.Brand, &p.Category, &p.Description, &keywords}, func() error {
			document := documentOf(p, keywords)
			batch.Queue(fmt.Sprintf(`UPDATE products SET category_slug = $2, plain_title = $3, words_version = version, words = `+vector+`
				WHERE id = $1`, "$4", "$5", "$6"), p.ID, catalog.Slugify(p.Category), document.Plain, document.Title, document.Names, document.Description)
			vocabulary.Add(document)
			indexed++
			return nil
		}); err != nil {
			return err
		}
		queueVocabulary(batch, vocabulary)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("index products: %w", err)
	}
	return indexed, nil
}
