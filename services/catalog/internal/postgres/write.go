package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
)

// Insert implements catalog.Store.
func (s *Store) Insert(ctx context.Context, p catalog.Product) error {
	return s.write(ctx, p, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images,
				currency, min_price, max_price, withdrawn, version, updated_at, keywords, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
			append(values(p), p.CreatedAt)...)
		return err
	})
}

// Update implements catalog.Store.
func (s *Store) Update(ctx context.Context, p catalog.Product) error {
	return s.write(ctx, p, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE products SET slug = $2, title = $3, description = $4, brand = $5, category = $6,
				category_slug = $7, tags = $8, images = $9, currency = $10, min_price = $11, max_price = $12, withdrawn = $13,
				version = $14, updated_at = $15, keywords = $16
			WHERE id = $1 AND version = $14 - 1`, values(p)...)
		if err == nil && tag.RowsAffected() == 0 {
			return catalog.ErrVersionMismatch
		}
		return err
	})
}

// values are the parameters that writing a product takes.
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

func keywords(p catalog.Product) string {
	words := append([]string{}, p.Tags...)
	for _, v := range p.Variants {
		words = append(words, v.SKU, v.Title)
	}
	return strings.Join(words, " ")
}

// write writes a product's row with put and replaces its variants.
func (s *Store) write(ctx context.Context, p catalog.Product, put func(pgx.Tx) error) error {
	var taken string
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := put(tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM variants WHERE product_id = $1`, p.ID); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for i, v := range p.Variants {
			options := v.Options
			if options == nil {
				options = []catalog.Option{}
			}
			batch.Queue(`INSERT INTO variants (sku, product_id, position, title, options, price, weight) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				v.SKU, p.ID, i, v.Title, options, v.Price, v.Weight)
		}
		results := tx.SendBatch(ctx, batch)
		for _, v := range p.Variants {
			if _, err := results.Exec(); err != nil {
				taken = v.SKU
				return errors.Join(err, results.Close())
			}
		}
		return results.Close()
	})
	switch {
	case err == nil:
		return nil
	case pgdb.IsUnique(err, "products_slug"):
		return catalog.ErrSlugTaken
	case pgdb.IsUnique(err, "variants_sku"):
		return &catalog.SKUTakenError{SKU: taken}
	case errors.Is(err, catalog.ErrVersionMismatch):
		return err
	default:
		return fmt.Errorf("write product: %w", err)
	}
}
