package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/carts/internal/carts"
)

// WasCopied reports whether the carts of the store called store have been copied.
func (s *Store) WasCopied(ctx context.Context, store string) (done bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM copied_stores WHERE name = $1)`, store).Scan(&done)
	if err != nil {
		return false, fmt.Errorf("look for copied carts: %w", err)
	}
	return done, nil
}

// readTime is the time limit for reading a batch from the other store.
const readTime = time.Minute

// Copy copies the carts of another store once, and returns how many there were. each passes them to its argument in batches,
// customers' carts before guest carts. If a customer already has a cart here, the lines are added to it.
//
// The copy is one transaction, so that an interrupted copy leaves nothing behind. If several replicas copy at once, the first
// does it and the others wait.
func (s *Store) Copy(ctx context.Context, store string, each func(take func([]carts.Former) error) error) (n int, err error) {
	err = pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n = 0
		tag, err := tx.Exec(ctx, `INSERT INTO copied_stores (name) VALUES ($1) ON CONFLICT DO NOTHING`, store)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `SELECT set_config('idle_in_transaction_session_timeout', $1, true)`, fmt.Sprint(readTime.Milliseconds()))
		if err != nil {
			return err
		}
		return each(func(batch []carts.Former) error {
			n += len(batch)
			return insert(ctx, tx, batch)
		})
	})
	if err != nil {
		return 0, fmt.Errorf("copy carts: %w", err)
	}
	return n, nil
}

// insert adds carts that do not exist yet. A guest cart that was merged before its claim was interrupted is recorded by then,
// so it is not added.
func insert(ctx context.Context, tx pgx.Tx, formers []carts.Former) error {
	batch := &pgx.Batch{}
	for _, f := range formers {
		batch.Queue(`INSERT INTO carts (id, customer_id, expires_at) VALUES ($1, nullif($2, '')::uuid, $3) ON CONFLICT DO NOTHING`,
			f.ID, f.CustomerID, f.ExpiresAt)
		batch.Queue(`INSERT INTO carts (id, claimed_by, expires_at) SELECT guest, $1, now() + $3::interval FROM unnest($2::uuid[]) AS guest
			ON CONFLICT DO NOTHING`, f.ID, f.Merged, carts.GuestLife)
		batch.Queue(`INSERT INTO cart_checkouts (cart_id, order_id) SELECT $1, o FROM unnest($2::uuid[]) AS o ON CONFLICT DO NOTHING`,
			f.ID, f.CheckedOut)
		skus, quantities := split(f.Lines)
		batch.Queue(`INSERT INTO cart_lines (cart_id, sku, quantity)
			SELECT id, sku, quantity FROM carts, unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS line (sku, quantity, position)
			WHERE id = $1 AND claimed_by IS NULL ORDER BY line.position
			ON CONFLICT DO NOTHING`, f.ID, skus, quantities)
	}
	return tx.SendBatch(ctx, batch).Close()
}
