// Package postgres stores the catalog in PostgreSQL.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"

	"souk/services/catalog/internal/catalog"
)

// Store implements catalog.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ catalog.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

const columns = `p.id, p.slug, coalesce(p.handle, ''), p.title, p.description, p.brand, p.category, p.tags, p.images, p.currency, ` + status + `, p.publish_at,
	p.version, p.created_at, p.updated_at, p.seo_title, p.seo_description`

// briefColumns are the columns of a product without the long ones.
const briefColumns = `p.id, p.slug, '', p.title, '', p.brand, p.category, '{}'::text[], '[]'::jsonb, p.currency, ` + status + `, p.publish_at,
	p.version, p.created_at, p.updated_at, '', ''`

func fieldsOf(p *catalog.Product) []any {
	return []any{
		&p.ID, &p.Slug, &p.Handle, &p.Title, &p.Description, &p.Brand, &p.Category, &p.Tags, decoded[[]catalog.Image]{&p.Images}, &p.Currency, &p.Status, &p.PublishAt,
		&p.Version, &p.CreatedAt, &p.UpdatedAt, &p.SEO.Title, &p.SEO.Description,
	}
}

func scanProduct(row pgx.CollectableRow) (p catalog.Product, err error) {
	return p, row.Scan(fieldsOf(&p)...)
}

// ByID implements catalog.Store.
func (s *Store) ByID(ctx context.Context, id string) (catalog.Product, error) {
	return s.find(ctx, `SELECT `+columns+` FROM products p WHERE p.id = $1 AND NOT p.withdrawn`, id)
}

// BySlug implements catalog.Store.
func (s *Store) BySlug(ctx context.Context, slug string) (catalog.Product, error) {
	return s.find(ctx, `SELECT `+columns+` FROM products p WHERE p.slug = $1 AND NOT p.withdrawn`, slug)
}

func (s *Store) find(ctx context.Context, query, key string) (catalog.Product, error) {
	rows, err := s.pool.Query(ctx, query, key)
	if err != nil {
		return catalog.Product{}, fmt.Errorf("find product: %w", err)
	}
	product, err := pgx.CollectExactlyOneRow(rows, scanProduct)
	if errors.Is(err, pgx.ErrNoRows) {
		return catalog.Product{}, catalog.ErrNotFound
	}
	if err != nil {
		return catalog.Product{}, fmt.Errorf("find product: %w", err)
	}
	return product, loadVariants(ctx, s.pool, []*catalog.Product{&product}, variantColumns)
}

// ByHandles implements catalog.Store.
func (s *Store) ByHandles(ctx context.Context, handles, slugs []string) ([]catalog.Product, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM products p WHERE p.handle = ANY($1)
		UNION ALL SELECT `+columns+` FROM products p WHERE p.slug = ANY($2) AND p.handle IS NULL`, handles, slugs)
	if err != nil {
		return nil, fmt.Errorf("products by handle: %w", err)
	}
	return s.collect(ctx, rows)
}

// After implements catalog.Store.
func (s *Store) After(ctx context.Context, id string, limit int) ([]catalog.Product, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM products p WHERE p.id > $1 ORDER BY p.id LIMIT $2`, id, limit)
	if err != nil {
		return nil, fmt.Errorf("products after: %w", err)
	}
	return s.collect(ctx, rows)
}

// collect reads products with their variants.
func (s *Store) collect(ctx context.Context, rows pgx.Rows) ([]catalog.Product, error) {
	products, err := pgx.CollectRows(rows, scanProduct)
	if err != nil {
		return nil, fmt.Errorf("products: %w", err)
	}
	pointers := make([]*catalog.Product, len(products))
	for i := range products {
		pointers[i] = &products[i]
	}
	return products, loadVariants(ctx, s.pool, pointers, variantColumns)
}

const (
	variantColumns = `product_id, sku, title, options, price, weight, untracked, continue_selling,
		compare_at, lowest_price, barcode, image`
	briefVariantColumns = `product_id, sku, '', NULL::jsonb, ` + briefRest
	// briefOptionColumns are for lists that are filtered by options.
	briefOptionColumns = `product_id, sku, '', options, ` + briefRest
	briefRest          = `price, 0::bigint, untracked, continue_selling, NULL::bigint, NULL::bigint, '', NULL::jsonb`
)

// loadVariants loads the variants of products, in order, with one query.
func loadVariants(ctx context.Context, from pgdb.Querier, products []*catalog.Product, columns string) error {
	byID := make(map[string]*catalog.Product, len(products))
	ids := make([]string, len(products))
	for i, p := range products {
		byID[p.ID], ids[i] = p, p.ID
	}
	rows, err := from.Query(ctx, `SELECT `+columns+` FROM variants
		WHERE product_id = ANY($1::uuid[]) ORDER BY product_id, position`, ids)
	if err != nil {
		return fmt.Errorf("variants: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var v catalog.Variant
		if err := rows.Scan(&id, &v.SKU, &v.Title, decoded[[]catalog.Option]{&v.Options}, &v.Price, &v.Weight, &v.Untracked, &v.ContinueSelling,
			&v.CompareAt, &v.LowestPrice, &v.Barcode, decoded[*catalog.Image]{&v.Image}); err != nil {
			return fmt.Errorf("variants: %w", err)
		}
		byID[id].Variants = append(byID[id].Variants, v)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("variants: %w", err)
	}
	return nil
}

// Owners implements catalog.Store.
func (s *Store) Owners(ctx context.Context, skus []string) (map[string]catalog.Owner, error) {
	rows, err := s.pool.Query(ctx, `SELECT v.sku, p.id, coalesce(p.handle, p.slug)
		FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1)`, skus)
	if err != nil {
		return nil, fmt.Errorf("owners: %w", err)
	}
	owners := make(map[string]catalog.Owner, len(skus))
	var sku string
	var owner catalog.Owner
	if _, err := pgx.ForEachRow(rows, []any{&sku, &owner.ID, &owner.Handle}, func() error {
		owners[sku] = owner
		return nil
	}); err != nil {
		return nil, fmt.Errorf("owners: %w", err)
	}
	return owners, nil
}

// Variants implements catalog.Store.
func (s *Store) Variants(ctx context.Context, skus []string) ([]catalog.SoldVariant, error) {
	rows, err := s.pool.Query(ctx, `SELECT v.sku, v.title, v.options, v.price, v.weight, v.untracked, v.continue_selling,
			p.currency, p.id, p.title, p.slug, coalesce(v.image, p.images -> 0), `+status+`
		FROM variants v JOIN products p ON p.id = v.product_id WHERE v.sku = ANY($1)`, skus)
	if err != nil {
		return nil, fmt.Errorf("variants: %w", err)
	}
	variants, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v catalog.SoldVariant, err error) {
		return v, row.Scan(&v.SKU, &v.Title, decoded[[]catalog.Option]{&v.Options}, &v.Price, &v.Weight, &v.Untracked, &v.ContinueSelling, &v.Currency, &v.ProductID, &v.ProductTitle, &v.ProductSlug, decoded[*catalog.Image]{&v.Image}, &v.Status)
	})
	if err != nil {
		return nil, fmt.Errorf("variants: %w", err)
	}
	return variants, nil
}

// decoded reads a column of JSON into a value. It uses the coming encoding/json/v2, because that takes a third of the time, and a page has many
// variants. Names of fields must have the same letters as in Go, which encoding/json writes.
type decoded[T any] struct{ into *T }

// ScanBytes implements pgtype.BytesScanner.
func (d decoded[T]) ScanBytes(text []byte) error {
	var none T
	*d.into = none
	if text == nil {
		return nil
	}
	return json.Unmarshal(text, d.into)
}
