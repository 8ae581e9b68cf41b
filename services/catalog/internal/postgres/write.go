package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

// queue queues the statement that writes the product's row, and removes the variants that are stored.
func queue(batch *pgx.Batch, p catalog.Product, document words.Document) {
	if p.Version == 1 {
		batch.Queue(`INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images,
				currency, min_price, max_price, withdrawn, version, updated_at, keywords, plain_title, words, words_version, handle,
				seo_title, seo_description, status, publish_at, option_values, offer, offer_version, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, `+wordsOf+`, $14, NULLIF($21, ''),
				$22, $23, $24, $25, $26, $27, $14, $28)`,
			append(values(p, document), p.CreatedAt)...)
		return
	}
	batch.Queue(`UPDATE products SET slug = $2, title = $3, description = $4, brand = $5, category = $6,
			category_slug = $7, tags = $8, images = $9, currency = $10, min_price = $11, max_price = $12, withdrawn = $13,
			version = $14, updated_at = $15, keywords = $16, plain_title = $17, words = `+wordsOf+`, words_version = $14,
			handle = NULLIF($21, ''), seo_title = $22, seo_description = $23, status = $24, publish_at = $25,
			option_values = $26, offer = $27, offer_version = $14
		WHERE id = $1 AND version = $14 - 1`, values(p, document)...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 {
			return catalog.ErrVersionMismatch
		}
		return nil
	})
	batch.Queue(`DELETE FROM variants WHERE product_id = $1`, p.ID)
}

// wordsOf is the expression for the words of a product, of its values.
var wordsOf = fmt.Sprintf(vector, "$18", "$19", "$20")

// values returns the parameters for writing a product.
func values(p catalog.Product, document words.Document) []any {
	lowest, highest := p.PriceRange()
	offer := offeredBy(p.Content)
	tags, images := p.Tags, p.Images
	if tags == nil {
		tags = []string{}
	}
	if images == nil {
		images = []catalog.Image{}
	}
	return []any{
		p.ID, p.Slug, p.Title, p.Description, p.Brand, p.Category, catalog.Slugify(p.Category), tags, images,
		p.Currency, lowest, highest, !p.Status.OnSale(), p.Version, p.UpdatedAt, keywords(p),
		document.Plain, document.Title, document.Names, document.Description, p.Handle,
		p.SEO.Title, p.SEO.Description, stored(p.Status), p.PublishAt,
		offer.values, offer.text,
	}
}

// The maximum size of the keywords in bytes. A tsvector holds at most 1 MiB, and PostgreSQL refuses larger ones.
const maxKeywords = 100_000

func keywords(p catalog.Product) string {
	words := slices.Clone(p.Tags)
	for _, v := range p.Variants {
		words = append(words, v.SKU, v.Title)
	}
	text := strings.Join(words, " ")
	return strings.ToValidUTF8(text[:min(len(text), maxKeywords)], "")
}

// Save implements catalog.Store. All products give up their variants before the first one gets its own.
func (s *Store) Save(ctx context.Context, products ...catalog.Product) error {
	var taken *catalog.SKUTakenError
	var vocabulary words.Document
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, p := range products {
			document := documentOf(p, keywords(p))
			queue(batch, p, document)
			vocabulary.Add(document)
		}
		for _, p := range products {
			queueVariants(batch, p, &taken)
			action := audit.ProductUpdated
			if p.Version == 1 {
				action = audit.ProductCreated
			}
			if err := pgaudit.Queue(ctx, batch, audit.Entry{
				Action: action, Kind: audit.Product, Subject: p.ID, Detail: map[string]string{"version": strconv.FormatInt(p.Version, 10)},
			}); err != nil {
				return err
			}
		}
		queueVocabulary(batch, vocabulary)
		return tx.SendBatch(ctx, batch).Close()
	})
	switch {
	case err == nil:
		return nil
	case pgdb.IsUnique(err, "products_slug"):
		return catalog.ErrSlugTaken
	case pgdb.IsUnique(err, "products_handle"):
		return catalog.ErrHandleTaken
	case pgdb.IsUnique(err, "variants_sku"):
		return taken
	case errors.Is(err, catalog.ErrVersionMismatch):
		return err
	default:
		return fmt.Errorf("write product: %w", err)
	}
}

// queueVariants queues the variants of a product, and sets their lowest prices. If one cannot be written, taken is set to the error about it.
func queueVariants(batch *pgx.Batch, p catalog.Product, taken **catalog.SKUTakenError) {
	for i, v := range p.Variants {
		insertVariant(batch, p.ID, i, v).Fn = func(results pgx.BatchResults) error {
			err := results.QueryRow().Scan(&p.Variants[i].LowestPrice)
			if err != nil && *taken == nil {
				*taken = &catalog.SKUTakenError{SKU: v.SKU, Variant: i}
			}
			return err
		}
	}
}

func insertVariant(batch *pgx.Batch, productID string, position int, v catalog.Variant) *pgx.QueuedQuery {
	options := v.Options
	if options == nil {
		options = []catalog.Option{}
	}
	return batch.Queue(`INSERT INTO variants (sku, product_id, position, title, options, price, weight, untracked, continue_selling,
			compare_at, barcode, image)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING lowest_price`,
		v.SKU, productID, position, v.Title, options, v.Price, v.Weight, v.Untracked, v.ContinueSelling, v.CompareAt, v.Barcode, v.Image)
}
