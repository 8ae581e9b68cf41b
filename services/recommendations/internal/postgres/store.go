// Package postgres keeps baskets in PostgreSQL.
package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"

	"souk/services/recommendations/internal/recommendations"
)

// Store implements recommendations.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ recommendations.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Followed implements recommendations.Store.
func (s *Store) Followed(ctx context.Context) (followed recommendations.Followed, err error) {
	err = s.pool.QueryRow(ctx, `SELECT position, complete FROM sale_feed`).Scan(&followed.Position, &followed.Complete)
	if err != nil {
		return followed, fmt.Errorf("position in the feed of sales: %w", err)
	}
	return followed, nil
}

// addBaskets locks the row of sale_feed before it takes numbers for the baskets. A basket that is as it was keeps its number.
const addBaskets = `
WITH moved AS (
    UPDATE sale_feed SET position = $2, complete = $3 WHERE position = $1 RETURNING id
), added AS (
    INSERT INTO baskets (order_id, products)
    SELECT order_id, products FROM moved, jsonb_to_recordset($4) AS sale (order_id uuid, products text[])
    ON CONFLICT (order_id) DO UPDATE SET products = excluded.products, number = DEFAULT
    WHERE baskets.products <> excluded.products
)
SELECT count(*) FROM moved`

// basketRow is a row for addBaskets.
type basketRow struct {
	OrderID  string   `json:"order_id"`
	Products []string `json:"products"`
}

// Add implements recommendations.Store.
func (s *Store) Add(ctx context.Context, from string, news recommendations.News) error {
	rows := make([]basketRow, len(news.Baskets))
	for i, b := range news.Baskets {
		rows[i] = basketRow{OrderID: b.OrderID, Products: append([]string{}, b.Products...)}
	}
	var moved int
	if err := s.pool.QueryRow(ctx, addBaskets, from, news.Position, !news.More, rows).Scan(&moved); err != nil {
		return fmt.Errorf("add baskets: %w", err)
	}
	if moved == 0 {
		return recommendations.ErrConflict
	}
	return nil
}

// nextBaskets returns one row without a basket if there are none.
const nextBaskets = `
SELECT rebuild, complete, coalesce(number, $1), coalesce(order_id::text, ''), coalesce(products, '{}')
FROM sale_feed LEFT JOIN (SELECT * FROM baskets WHERE number > $1 ORDER BY number LIMIT $2) AS next ON true
ORDER BY number`

// Next implements recommendations.Store.
func (s *Store) Next(ctx context.Context, learned recommendations.Learned, limit int) (recommendations.Page, error) {
	rows, err := s.pool.Query(ctx, nextBaskets, learned.Basket, limit)
	if err != nil {
		return recommendations.Page{}, fmt.Errorf("read baskets: %w", err)
	}
	var page recommendations.Page
	var b recommendations.Basket
	_, err = pgx.ForEachRow(rows, []any{&page.Learned.Rebuild, &page.Complete, &page.Learned.Basket, &b.OrderID, &b.Products}, func() error {
		if b.OrderID != "" {
			page.Baskets = append(page.Baskets, b)
		}
		b = recommendations.Basket{} // so that the next row does not share its products
		return nil
	})
	if err != nil {
		return recommendations.Page{}, fmt.Errorf("read baskets: %w", err)
	}
	return page, nil
}

const beforeBaskets = `
SELECT rebuild, coalesce((SELECT number FROM baskets ORDER BY number DESC OFFSET $1 LIMIT 1), 0) FROM sale_feed`

// Before implements recommendations.Store.
func (s *Store) Before(ctx context.Context, most int) (start recommendations.Learned, err error) {
	if err := s.pool.QueryRow(ctx, beforeBaskets, most).Scan(&start.Rebuild, &start.Basket); err != nil {
		return start, fmt.Errorf("find the newest baskets: %w", err)
	}
	return start, nil
}

// Forget implements recommendations.Store. The numbers go on, so that a process that learns meanwhile misses no basket. The table is locked
// before the row of sale_feed, as in Add.
func (s *Store) Forget(ctx context.Context) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `TRUNCATE baskets`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE sale_feed SET position = '', complete = false, rebuild = rebuild + 1`)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget baskets: %w", err)
	}
	return nil
}
