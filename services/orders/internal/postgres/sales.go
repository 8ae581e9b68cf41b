package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgfeed"

	"souk/services/orders/internal/sales"
)

var _ sales.Store = (*Store)(nil)

// NewSaleChanges returns the feed of orders that were confirmed or cancelled.
func NewSaleChanges(pool *pgxpool.Pool) *pgfeed.Feed {
	return pgfeed.New(pool, "orders", "id")
}

const selectSales = `
SELECT id, status = 'cancelled', coalesce(products, '{}'), coalesce(skus, '{}'), coalesce(quantities, '{}')
FROM orders, LATERAL (
    SELECT array_agg(coalesce(product_id, '') ORDER BY position) AS products,
        array_agg(sku ORDER BY position) AS skus, array_agg(quantity ORDER BY position) AS quantities
    FROM order_lines WHERE order_id = orders.id AND orders.status <> 'cancelled') AS lines
WHERE status IN ('confirmed', 'fulfilled', 'delivered', 'cancelled') AND `

// Sales implements sales.Store.
func (s *Store) Sales(ctx context.Context, orderIDs []string) ([]sales.Sale, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.sales(ctx, selectSales+`id = ANY ($1)`, orderIDs)
}

// SalesAfter implements sales.Store.
func (s *Store) SalesAfter(ctx context.Context, orderID string, limit int) ([]sales.Sale, error) {
	return s.sales(ctx, selectSales+`id > $1 ORDER BY id LIMIT $2`, orderID, limit)
}

func (s *Store) sales(ctx context.Context, query string, args ...any) ([]sales.Sale, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read sales: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (sales.Sale, error) {
		var sale sales.Sale
		var products, skus []string
		var quantities []int64
		err := row.Scan(&sale.OrderID, &sale.Cancelled, &products, &skus, &quantities)
		for i := range skus {
			sale.Lines = append(sale.Lines, sales.Line{ProductID: products[i], SKU: skus[i], Quantity: quantities[i]})
		}
		return sale, err
	})
	if err != nil {
		return nil, fmt.Errorf("read sales: %w", err)
	}
	return found, nil
}
