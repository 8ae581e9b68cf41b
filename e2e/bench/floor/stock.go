package floor

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// reserve and commit are what inventory writes.
func (c *Checkout) reserve(ctx context.Context, p *purchase) error {
	return pgx.BeginFunc(ctx, c.inventory, func(tx pgx.Tx) error {
		var expires time.Time
		var sku *string
		var available *int64
		return tx.QueryRow(ctx, holdSQL, p.order, []string{p.sku}, []int64{1}, (15*time.Minute).Microseconds()).Scan(&expires, &sku, &available)
	})
}

func (c *Checkout) commit(ctx context.Context, p *purchase) error {
	var sold bool
	err := c.inventory.QueryRow(ctx, commitSQL, p.order).Scan(&sold)
	if err == nil && !sold {
		err = errNotSold
	}
	return err
}

const holdSQL = `
	WITH asked AS (SELECT * FROM unnest($2::text[], $3::bigint[]) AS line (sku, quantity)),
	made AS (
		INSERT INTO reservations (order_id, status, expires_at)
		VALUES ($1, 'held', now() + $4::bigint * interval '1 microsecond')
		ON CONFLICT DO NOTHING RETURNING expires_at
	),
	locked AS (
		SELECT sku, on_hand, reserved FROM levels
		WHERE sku = ANY($2) AND EXISTS (SELECT FROM made)
		ORDER BY sku FOR NO KEY UPDATE
	),
	short AS (
		SELECT sku, coalesce(on_hand - reserved, 0) AS available FROM asked LEFT JOIN locked USING (sku)
		WHERE coalesce(on_hand - reserved, 0) < quantity
	),
	lines AS (
		INSERT INTO reservation_lines (order_id, sku, quantity)
		SELECT $1, sku, quantity FROM asked WHERE NOT EXISTS (SELECT FROM short)
	),
	held AS (
		UPDATE levels SET on_hand = locked.on_hand, reserved = locked.reserved + quantity
		FROM asked JOIN locked USING (sku)
		WHERE levels.sku = locked.sku AND NOT EXISTS (SELECT FROM short)
	)
	SELECT expires_at, sku, available FROM made LEFT JOIN short ON true`

const commitSQL = `
	WITH done AS (
		UPDATE reservations SET status = 'committed' WHERE order_id = $1 AND status = 'held' RETURNING order_id
	),
	lines AS (SELECT sku, quantity FROM reservation_lines JOIN done USING (order_id)),
	locked AS (SELECT sku FROM levels WHERE sku = ANY (ARRAY(SELECT sku FROM lines)) ORDER BY sku FOR NO KEY UPDATE),
	sold AS (
		UPDATE levels SET on_hand = on_hand - quantity, reserved = reserved - quantity
		FROM lines JOIN locked USING (sku) WHERE levels.sku = lines.sku
	),
	entries AS (
		INSERT INTO stock_entries (sku, kind, delta, order_id, reason)
		SELECT sku, 'sale', -quantity, $1, 'order confirmed' FROM lines
	)
	SELECT EXISTS (SELECT FROM done)`
