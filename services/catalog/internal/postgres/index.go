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

func documentOf(p catalog.Product, keywords string) words.Document {
	return words.DocumentOf(words.Texts{Title: p.Title, Brand: p.Brand, Category: p.Category, Description: p.Description, Keywords: keywords})
}

// Index implements catalog.Store.
func (s *Store) Index(ctx context.Context) (indexed int, err error) {
	err = pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Products that somebody is writing are left to the next call, and so are those that another replica indexes. The version before
		// writes words, but no offers.
		rows, err := tx.Query(ctx, `SELECT id, title, brand, category, description, keywords FROM products
			WHERE offer_version <> version ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`, indexBatch)
		if err != nil {
			return err
		}
		stale, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u unindexed, err error) {
			p := &u.product
			return u, row.Scan(&p.ID, &p.Title, &p.Brand, &p.Category, &p.Description, &u.keywords)
		})
		if err != nil {
			return err
		}
		indexed = len(stale)
		products := make([]*catalog.Product, len(stale))
		for i := range stale {
			products[i] = &stale[i].product
		}
		if err := loadVariants(ctx, tx, products, variantColumns); err != nil {
			return err
		}
		return tx.SendBatch(ctx, indexOf(stale)).Close()
	})
	if err != nil {
		return 0, fmt.Errorf("index products: %w", err)
	}
	return indexed, nil
}

// unindexed is a product as far as its words and its offer depend on it.
type unindexed struct {
	product  catalog.Product
	keywords string
}

// indexOf returns the statements that write the words and the offers of products.
func indexOf(stale []unindexed) *pgx.Batch {
	batch := &pgx.Batch{}
	var vocabulary words.Document
	for _, u := range stale {
		document := documentOf(u.product, u.keywords)
		vocabulary.Add(document)
		offer := offeredBy(u.product.Content)
		batch.Queue(fmt.Sprintf(`UPDATE products SET category_slug = $2, plain_title = $3, words_version = version, words = `+vector+`,
				option_values = $7, offer = $8, offer_version = version
			WHERE id = $1`, "$4", "$5", "$6"), u.product.ID, catalog.Slugify(u.product.Category), document.Plain, document.Title, document.Names,
			document.Description, offer.values, offer.text)
	}
	queueVocabulary(batch, vocabulary)
	return batch
}
