package postgres

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"

	"souk/services/inventory/internal/inventory"
)

// Reserve implements inventory.Store. The end of the hold is computed with PostgreSQL's clock, because Expire uses that clock
// too.
func (s *Store) Reserve(ctx context.Context, r inventory.Reservation) (time.Time, error) {
	var expires time.Time
	var short []inventory.Shortage
	if err := s.addLevels(ctx, r.Lines); err != nil {
		return time.Time{}, fmt.Errorf("reserve: %w", err)
	}
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		made, missing, err := hold(ctx, tx, r, &expires)
		short = shortages(r.Lines, missing)
		switch {
		case err != nil:
			return err
		case !made:
			return existing(ctx, tx, r, &expires)
		case len(short) > 0:
			return refuse(ctx, tx, r.OrderID, short)
		default:
			return nil
		}
	})
	if err == nil && len(short) > 0 {
		err = &inventory.ShortageError{Shortages: short}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reserve: %w", err)
	}
	return expires, nil
}

// addLevels adds a level of 0 for each line that can be sold without stock, if there is none.
func (s *Store) addLevels(ctx context.Context, lines []inventory.Line) error {
	var skus []string
	for _, line := range lines {
		if line.ContinueSelling {
			skus = append(skus, line.SKU)
		}
	}
	if len(skus) == 0 {
		return nil
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO levels (sku, on_hand, opened) SELECT sku, 0, false FROM unnest($1::text[]) AS sku ORDER BY sku
		ON CONFLICT DO NOTHING`, skus)
	return err
}

// refuse ends a reservation because of too little stock. A repeated call gets the same answer even if stock has arrived since,
// because the order may be about to be rejected.
func refuse(ctx context.Context, tx pgx.Tx, orderID string, short []inventory.Shortage) error {
	_, err := tx.Exec(ctx, `UPDATE reservations SET status = 'released', shortages = $2 WHERE order_id = $1`, orderID, short)
	return err
}

// The parts that holdSQL and sellSQL share. Their first parameters are the order, and the SKUs, the quantities and the rules of its lines.
const (
	askedLines = `SELECT * FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS line (sku, quantity, continued)`
	// shortLines are the lines of which there is too little, unless they continue selling.
	shortLines = `
		SELECT sku, greatest(on_hand - reserved, 0) AS available FROM asked LEFT JOIN locked USING (sku)
		WHERE greatest(on_hand - reserved, 0) < quantity AND NOT continued`
	addLines = `
		INSERT INTO reservation_lines (order_id, sku, quantity, continue_selling)
		SELECT $1, sku, quantity, continued FROM asked WHERE NOT EXISTS (SELECT FROM short)`
)

// holdSQL holds all lines and returns the end of the hold. If lines are short, it holds nothing, and also returns the available
// stock of each of those. It returns no row if the order already has a reservation.
//
// It is a single statement, so that levels are locked as briefly as possible. Each CTE depends on those above it. "made"
// inserts the reservation; a concurrent call for the same order waits there. "locked" locks the levels and returns their latest
// committed values. Only then follow the changes. "held" sets both columns from the locked values. Otherwise UPDATE would first
// check the constraints of levels against the rows as of the start of the statement, and these may have been sold out then
// although they no longer are.
var holdSQL = `
	WITH asked AS (` + askedLines + `),
	made AS (
		INSERT INTO reservations (order_id, status, expires_at)
		VALUES ($1, 'held', now() + $5::bigint * interval '1 microsecond')
		ON CONFLICT DO NOTHING RETURNING expires_at
	),
	locked AS (
		SELECT sku, on_hand, reserved FROM levels
		WHERE sku = ANY($2) AND EXISTS (SELECT FROM made)
		ORDER BY sku FOR NO KEY UPDATE
	),
	short AS (` + shortLines + `),
	lines AS (` + addLines + `),
	held AS (
		UPDATE levels SET on_hand = locked.on_hand, reserved = locked.reserved + quantity,
			on_backorder = locked.on_hand - locked.reserved < quantity
		FROM asked JOIN locked USING (sku)
		WHERE levels.sku = locked.sku AND NOT EXISTS (SELECT FROM short)
	),
	reserved AS (SELECT FROM made WHERE NOT EXISTS (SELECT FROM short)),
	audited AS (` + pgaudit.When("reserved", "$6") + `)
	SELECT expires_at, sku, available FROM made LEFT JOIN short ON true`

// hold runs holdSQL.
func hold(ctx context.Context, tx pgx.Tx, r inventory.Reservation, expires *time.Time) (made bool, short map[string]int64, err error) {
	skus, quantities, continued := split(r.Lines)
	entry, err := ofOrder(ctx, audit.StockReserved, r.OrderID)
	if err != nil {
		return false, nil, err
	}
	rows, err := tx.Query(ctx, holdSQL, r.OrderID, skus, quantities, continued, r.HoldFor.Microseconds(), entry)
	if err != nil {
		return false, nil, err
	}
	short = make(map[string]int64)
	var sku *string
	var available *int64
	_, err = pgx.ForEachRow(rows, []any{expires, &sku, &available}, func() error {
		made = true
		if sku != nil {
			short[*sku] = *available
		}
		return nil
	})
	return made, short, err
}

func shortages(lines []inventory.Line, short map[string]int64) []inventory.Shortage {
	var list []inventory.Shortage
	for _, line := range lines {
		if available, ok := short[line.SKU]; ok {
			list = append(list, inventory.Shortage{SKU: line.SKU, Requested: line.Quantity, Available: available})
		}
	}
	return list
}

// existing returns the result for an order that already has a reservation. Different lines are refused, because otherwise the
// order would be sold stock that is not held.
func existing(ctx context.Context, tx pgx.Tx, r inventory.Reservation, expires *time.Time) error {
	var status inventory.Status
	var short []inventory.Shortage
	err := tx.QueryRow(ctx, `SELECT status, expires_at, shortages FROM reservations WHERE order_id = $1`, r.OrderID).
		Scan(&status, expires, &short)
	if err != nil {
		return err
	}
	if len(short) > 0 {
		return &inventory.ShortageError{Shortages: short}
	}
	if status == inventory.Released || status == inventory.Expired {
		return inventory.ErrReservationEnded
	}
	lines, err := linesOf(ctx, tx, selectLines, r.OrderID)
	if err != nil {
		return err
	}
	if !sameLines(lines, r.Lines) {
		return inventory.ErrReservationMismatch
	}
	return nil
}

// selectLines selects the lines of a reservation.
const selectLines = `SELECT sku, quantity, continue_selling FROM reservation_lines WHERE order_id = $1`

// linesOf returns the lines that a query finds for an ID.
func linesOf(ctx context.Context, tx pgx.Tx, sql, id string) ([]inventory.Line, error) {
	rows, err := tx.Query(ctx, sql, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[inventory.Line])
}

// sameLines reports whether a and b contain the same lines in any order. Each SKU occurs once.
func sameLines(a, b []inventory.Line) bool {
	return maps.Equal(bySKU(a), bySKU(b))
}

func bySKU(lines []inventory.Line) map[string]int64 {
	quantities := make(map[string]int64, len(lines))
	for _, line := range lines {
		quantities[line.SKU] = line.Quantity
	}
	return quantities
}
