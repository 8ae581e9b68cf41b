package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/identifier"
	"souk/platform/pgaudit"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/words"
)

const (
	// status is the expression for the status of a product. The column is NULL for products that are active or withdrawn; drafts and
	// scheduled products have withdrawn set as well.
	status = `coalesce(p.status, CASE WHEN p.withdrawn THEN 'withdrawn' ELSE 'active' END)`
	// listed is the condition for active products, which lists, searches and suggestions show alone.
	listed = `NOT p.withdrawn AND p.status IS NULL`
)

// stored returns the value of the column status.
func stored(s catalog.Status) *catalog.Status {
	if s == catalog.Active || s == catalog.Withdrawn {
		return nil
	}
	return &s
}

// change returns a statement that puts the products that match a condition on sale, or withdraws them. Its parameters are those of the
// condition, the time as $2, and the entry of the audit log as $3. changed are the products.
func change(withdrawn, condition string) string {
	return `WITH changed AS (
		UPDATE products SET ` + withdrawn + `, status = NULL, publish_at = NULL, updated_at = $2,
			version = version + 1, words_version = words_version + 1, offer_version = offer_version + 1
		WHERE ` + condition + ` RETURNING id, version
	),
	audited AS (` + pgaudit.Each("changed", "changed.id::text", "jsonb_build_object('version', version::text)", "$3") + `)`
}

var (
	withdrawSQL = change("withdrawn = true", "id = $1 AND NOT (withdrawn AND status IS NULL)")
	restoreSQL  = change("withdrawn = false", "id = $1 AND withdrawn AND status IS NULL")
	// Products that another replica publishes or somebody edits are left to the next call.
	publishSQL = change("withdrawn = false", `id IN (SELECT id FROM products
		WHERE status = 'scheduled' AND publish_at <= $2 ORDER BY publish_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)`)
)

// publishBatch is the number of products that are published in one transaction.
const publishBatch = 100

// Withdraw implements catalog.Store.
func (s *Store) Withdraw(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, withdrawSQL, audit.ProductWithdrawn, id, at)
}

// Restore implements catalog.Store.
func (s *Store) Restore(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, restoreSQL, audit.ProductRestored, id, at)
}

// change changes one product, or returns catalog.ErrNotFound if there is none.
func (s *Store) change(ctx context.Context, sql string, action audit.Action, id string, at time.Time) error {
	entry, err := pgaudit.Parameter(ctx, audit.Entry{Action: action, Kind: audit.Product, Subject: canonical(id)})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	var known bool
	if err := s.pool.QueryRow(ctx, sql+` SELECT EXISTS (SELECT FROM products WHERE id = $1)`, id, at, entry).Scan(&known); err != nil {
		return fmt.Errorf("%s: %w", action, err)
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

// PublishDue implements catalog.Store.
func (s *Store) PublishDue(ctx context.Context, at time.Time) (published int, err error) {
	// The statement gives each entry its product.
	entry, err := pgaudit.Parameter(ctx, audit.Entry{Action: audit.ProductPublished, Kind: audit.Product, Subject: "due"})
	if err != nil {
		return 0, fmt.Errorf("publish products: %w", err)
	}
	err = s.pool.QueryRow(ctx, publishSQL+` SELECT count(*) FROM changed`, publishBatch, at, entry).Scan(&published)
	if err != nil {
		return 0, fmt.Errorf("publish products: %w", err)
	}
	return published, nil
}

// AnyByID implements catalog.Store.
func (s *Store) AnyByID(ctx context.Context, id string) (catalog.Product, error) {
	return s.find(ctx, `SELECT `+columns+` FROM products p WHERE p.id = $1`, id)
}

// ListAll implements catalog.Store.
func (s *Store) ListAll(ctx context.Context, q catalog.AnyQuery) ([]catalog.Product, error) {
	var where conditions
	where.add("true")
	if q.Status != "" {
		where.add(status+" = ?", string(q.Status))
	}
	if q.Text != "" {
		where.named(q.Text)
	}
	if q.After != "" {
		var at time.Time
		err := s.pool.QueryRow(ctx, `SELECT created_at FROM products WHERE id = $1`, q.After).Scan(&at)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, catalog.ErrBadCursor
		}
		if err != nil {
			return nil, fmt.Errorf("list all products: %w", err)
		}
		where.add("(p.created_at, p.id) < (?::timestamptz, ?::uuid)", at, q.After)
	}
	limit := where.param(q.Limit)
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM products p WHERE `+where.sql()+`
		ORDER BY p.created_at DESC, p.id DESC LIMIT `+limit, where.args()...)
	if err != nil {
		return nil, fmt.Errorf("list all products: %w", err)
	}
	return s.collect(ctx, rows)
}

// named restricts p to the products that have all words of a text, or whose handle, slug or SKU it is.
func (c *conditions) named(text string) {
	c.add(`p.id IN (SELECT id FROM products WHERE words @@ to_tsquery('words', ?)
		UNION ALL SELECT id FROM products WHERE slug = ? OR handle = ?
		UNION ALL SELECT product_id FROM variants WHERE sku = ?)`, words.Unexcluded(text).TSQuery(), text, text, text)
}
