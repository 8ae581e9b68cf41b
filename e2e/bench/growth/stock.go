package growth

import (
	"context"
	"fmt"
)

const entriesAtOnce = 200_000

// LoadStockEntries adds n adjustments to the stock's ledger, n being even, spread over these SKUs. Each that adds a piece is followed by
// one that takes it away, so that the levels stay true.
func (l *Loader) LoadStockEntries(ctx context.Context, n int, skus []string) error {
	database := l.databases["inventory"]
	err := withoutReferences(ctx, database, []string{"stock_entries"}, func() error {
		return chunks(n, entriesAtOnce, func(from, to int) error {
			_, err := database.Exec(ctx, `INSERT INTO stock_entries (sku, kind, delta, reason, at)
				SELECT ($3::text[])[1 + (i - 1) / 2 % cardinality($3)], 'adjustment', CASE i % 2 WHEN 0 THEN 1 ELSE -1 END, 'counted again',
					now() - i * interval '1 year' / $4::int
				FROM generate_series($1::int, $2::int) i ORDER BY i DESC`, from, to, skus, n)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("load stock entries: %w", err)
	}
	l.say("%d stock entries", n)
	return l.Settle(ctx, "inventory")
}
