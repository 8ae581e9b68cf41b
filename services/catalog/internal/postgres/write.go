package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/audit"
	"souk/platform/identifier"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
)

// Insert implements catalog.Store.
func (s *Store) Insert(ctx context.Context, p catalog.Product) error {
	return s.write(ctx, p, audit.ProductCreated, func(batch *pgx.Batch) {
		batch.Queue(`INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images,
				currency, min_price, max_price, withdrawn, version, updated_at, keywords, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			append(values(p), p.CreatedAt)...)
	})
}

// Update implements catalog.Store.
func (s *Store) Update(ctx context.Context, p catalog.Product) error {
	return s.write(ctx, p, audit.ProductUpdated, func(batch *pgx.Batch) {
		batch.Queue(`UPDATE products SET slug = $2, title = $3, description = $4, brand = $5, category = $6,
				category_slug = $7, tags = $8, images = $9, currency = $10, min_price = $11, max_price = $12, withdrawn = $13,
				version = $14, updated_at = $15, keywords = $16
			WHERE id = $1 AND version = $14 - 1`, values(p)...).Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() == 0 {
				return catalog.ErrVersionMismatch
			}
			return nil
		})
		batch.Queue(`DELETE FROM variants WHERE product_id = $1`, p.ID)
	})
}

var withdrawSQL = `
	WITH withdrawn AS (
		UPDATE products SET withdrawn = true, version = version + 1, updated_at = $2 WHERE id = $1 AND NOT withdrawn
		RETURNING version
	),
	audited AS (` + pgaudit.Each("withdrawn", "subject", "jsonb_build_object('version', version::text)", "$3") + `)
	SELECT EXISTS (SELECT FROM products WHERE id = $1)`

// Withdraw implements catalog.Store.
func (s *Store) Withdraw(ctx context.Context, id string, at time.Time) error {
	entry, err := pgaudit.Parameter(ctx, audit.Entry{Action: audit.ProductWithdrawn, Kind: audit.Product, Subject: canonical(id)})
	if err != nil {
		return fmt.Errorf("withdraw product: %w", err)
	}
	var known bool
	err = s.pool.QueryRow(ctx, withdrawSQL, id, at, entry).Scan(&known)
	if err != nil {
		return fmt.Errorf("withdraw product: %w", err)
	}
	if !known {
		return catalog.ErrNotFound
	}
	return nil
}

// canonical returns an ID in the spelling that other entries have.
func canonical(id string) string {
	id, _ = identifier.Canonical(id)
	return id
}

// values returns the parameters for writing a product.
func values(p catalog.Product) []any {
	lowest, highest := p.PriceRange()
	tags, images := p.Tags, p.Images
	if tags == nil {
		tags = []string{}
	}
	if images == nil {
		images = []catalog.Image{}
	}
	return []any{
		p.ID, p.Slug, p.Title, p.Description, p.Brand, p.Category, catalog.Slugify(p.Category), tags, images,
		p.Currency, lowest, highest, p.Withdrawn, p.Version, p.UpdatedAt, keywords(p),
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

// write writes a product's row with the statements that head queues, and then its variants and the entry in the audit log.
func (s *Store) write(ctx context.Context, p catalog.Product, action audit.Action, head func(*pgx.Batch)) error {
	var taken *catalog.SKUTakenError
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		head(batch)
		for i, v := range p.Variants {
			insertVariant(batch, p.ID, i, v).Fn = func(results pgx.BatchResults) error {
				_, err := results.Exec()
				if err != nil {
					taken = &catalog.SKUTakenError{SKU: v.SKU, Variant: i}
				}
				return err
			}
		}
		if err := pgaudit.Queue(ctx, batch, audit.Entry{
			Action: action, Kind: audit.Product, Subject: p.ID, Detail: map[string]string{"version": strconv.FormatInt(p.Version, 10)},
		}); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	switch {
	case err == nil:
		return nil
	case pgdb.IsUnique(err, "products_slug"):
		return catalog.ErrSlugTaken
	case pgdb.IsUnique(err, "variants_sku"):
		return taken
	case errors.Is(err, catalog.ErrVersionMismatch):
		return err
	default:
		return fmt.Errorf("write product: %w", err)
	}
}

func insertVariant(batch *pgx.Batch, productID string, position int, v catalog.Variant) *pgx.QueuedQuery {
	options := v.Options
	if options == nil {
		options = []catalog.Option{}
	}
	return batch.Queue(`INSERT INTO variants (sku, product_id, position, title, options, price, weight) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.SKU, productID, position, v.Title, options, v.Price, v.Weight)
}
