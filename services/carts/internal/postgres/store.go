// Package postgres stores carts in PostgreSQL. Every change of a cart first locks its row in carts, and a customer's own cart
// is locked before a guest cart. So changes of one cart run one after another and never deadlock.
package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/carts/internal/carts"
)

// Store implements carts.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ carts.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Conditions that match one cart.
const (
	// The cart exists, is not claimed and has not expired. Its columns are those of carts.
	usable = `carts.id = @cart AND claimed_by IS NULL AND expires_at > now()`
	// @holder may use the cart: it is a guest cart, or the holder's own. @holder is empty for a guest.
	held = usable + ` AND (customer_id IS NULL OR customer_id = nullif(@holder, '')::uuid)`
)

// named returns the arguments of statements on a cart.
func named(holder, id string) pgx.NamedArgs {
	return pgx.NamedArgs{
		"holder": holder, "cart": id, "guest_life": carts.GuestLife, "customer_life": carts.CustomerLife,
	}
}

// purchases returns a cart's purchases. For a cart from before purchases had IDs, the ID of its purchase is the cart's own ID.
const purchases = `coalesce(carts.purchases, ARRAY[carts.id])`

const selectCart = `
	SELECT id, coalesce(customer_id::text, ''), expires_at, ` + purchases + `::text[], skus, quantities
	FROM carts CROSS JOIN LATERAL (
		SELECT coalesce(array_agg(sku ORDER BY position), '{}') AS skus,
			coalesce(array_agg(quantity ORDER BY position), '{}') AS quantities
		FROM cart_lines WHERE cart_id = carts.id
	) AS lines
	WHERE `

// scan scans a row of selectCart.
func scan(row pgx.Row) (carts.Cart, error) {
	var c carts.Cart
	var skus []string
	var quantities []int64
	err := row.Scan(&c.ID, &c.CustomerID, &c.ExpiresAt, &c.Purchases, &skus, &quantities)
	if errors.Is(err, pgx.ErrNoRows) {
		return carts.Cart{}, carts.ErrNotFound
	}
	for i, sku := range skus {
		c.Lines = append(c.Lines, carts.Line{SKU: sku, Quantity: quantities[i]})
	}
	return c, err
}

// Find implements carts.Store.
func (s *Store) Find(ctx context.Context, holder, id string) (carts.Cart, error) {
	cart, err := scan(s.pool.QueryRow(ctx, selectCart+held, named(holder, id)))
	if err != nil {
		return carts.Cart{}, fmt.Errorf("find cart: %w", err)
	}
	return cart, nil
}

// Create implements carts.Store.
func (s *Store) Create(ctx context.Context, id string) (carts.Cart, error) {
	cart := carts.Cart{ID: id}
	err := s.pool.QueryRow(ctx, `INSERT INTO carts (id, expires_at) VALUES (@cart, now() + @guest_life::interval)
		RETURNING expires_at, purchases::text[]`, named("", id)).Scan(&cart.ExpiresAt, &cart.Purchases)
	if err != nil {
		return carts.Cart{}, fmt.Errorf("create cart: %w", err)
	}
	return cart, nil
}

// deleteEnded deletes a customer's own cart if it has expired and was not deleted yet.
const deleteEnded = `DELETE FROM carts WHERE id = @holder AND expires_at <= now()`

// Open implements carts.Store.
func (s *Store) Open(ctx context.Context, customer string) (cart carts.Cart, err error) {
	args := named(customer, customer)
	batch := &pgx.Batch{}
	batch.Queue(deleteEnded, args)
	batch.Queue(`INSERT INTO carts (id, customer_id, expires_at) VALUES (@cart, @cart, now() + @customer_life::interval)
		ON CONFLICT DO NOTHING`, args)
	queueRead(batch, args, &cart)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return carts.Cart{}, fmt.Errorf("open cart: %w", err)
	}
	return cart, nil
}

// queueRead queues a read of the cart into target.
func queueRead(batch *pgx.Batch, args pgx.NamedArgs, target *carts.Cart) {
	batch.Queue(selectCart+held, args).QueryRow(func(row pgx.Row) (err error) {
		*target, err = scan(row)
		return err
	})
}

// Delete implements carts.Store. Like Claim, it locks the own cart first.
func (s *Store) Delete(ctx context.Context, customer string) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM carts WHERE id = $1 AND customer_id IS NOT NULL`, customer)
	batch.Queue(`DELETE FROM carts WHERE claimed_by = $1`, customer)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("delete cart: %w", err)
	}
	return nil
}

// sweepBatch is the number of carts deleted at a time, so that carts are locked only briefly. A cart may have 2,000 lines.
const sweepBatch = 100

// DeleteExpired implements carts.Store. It skips locked carts.
func (s *Store) DeleteExpired(ctx context.Context) (int, error) {
	tag, err := s.pool.Exec(ctx, `
		DELETE FROM carts WHERE id = ANY (ARRAY(
			SELECT id FROM carts WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))`, sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("delete expired carts: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
