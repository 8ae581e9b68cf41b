package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/pgdb"

	"souk/services/shipping/internal/shipping"
)

// DueParcels is the queue of parcels that the carrier is to be asked about. One that it was never asked about has no time in ask_at, but
// -infinity. It has been due since it was handed over.
var DueParcels = pgdb.Queue{Name: "parcels", SQL: `SELECT count(*), min(greatest(ask_at, coalesce(handed_over_at, created_at))) FROM shipments
	WHERE status <> 'delivered' AND ask_at <= now()`}

// Replicas that claim at the same time get different parcels.
const claimDue = `
UPDATE shipments SET ask_at = now() + $2::interval
WHERE id IN (
    SELECT id FROM shipments
    WHERE status <> 'delivered' AND ask_at <= now()
    ORDER BY ask_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING ` + shipmentColumns

// ClaimDue implements shipping.Store.
func (s *Store) ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]shipping.Shipment, error) {
	rows, err := s.pool.Query(ctx, claimDue, limit, lease)
	if err != nil {
		return nil, fmt.Errorf("claim due parcels: %w", err)
	}
	due, err := pgx.CollectRows(rows, scanShipment)
	if err != nil {
		return nil, fmt.Errorf("claim due parcels: %w", err)
	}
	return due, nil
}

const (
	setAskAt = `UPDATE shipments SET ask_at = $2 WHERE id = $1`
	// The trigger note_move reports the change of status to the feed.
	setStatus = `UPDATE shipments SET ask_at = $2, status = $3 WHERE id = $1 AND status <> 'delivered'`
)

// Record implements shipping.Store. A late replica has no new events, so it does not set an outdated status.
func (s *Store) Record(ctx context.Context, shipmentID string, events []shipping.Event, askAt time.Time) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		added, err := addEvents(ctx, tx, shipmentID, events)
		if err != nil {
			return err
		}
		if added == 0 {
			_, err = tx.Exec(ctx, setAskAt, shipmentID, askAt)
		} else {
			_, err = tx.Exec(ctx, setStatus, shipmentID, askAt, events[len(events)-1].Status)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record tracking: %w", err)
	}
	return nil
}
