// Package postgres stores rates and shipments in PostgreSQL.
package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/telemetry"

	"souk/services/shipping/internal/shipping"
)

// Store implements shipping.Store.
type Store struct {
	pool *pgxpool.Pool
}

var _ shipping.Store = (*Store)(nil)

// New returns a store on a migrated database.
func New(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool}
}

// Options implements shipping.Store.
func (s *Store) Options(ctx context.Context, country string, weightGrams int64) ([]shipping.Option, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT o.id, o.carrier, o.service, o.min_days, o.max_days,
			band.price + band.extra_per_kg * ((greatest($2 - band.up_to_grams, 0) + 999) / 1000) AS price
		FROM options o CROSS JOIN LATERAL (
			SELECT price, extra_per_kg, up_to_grams FROM bands b WHERE b.option_id = o.id
			ORDER BY b.up_to_grams < $2, abs(b.up_to_grams - $2) LIMIT 1
		) band
		WHERE o.zone = coalesce((SELECT zone FROM zones WHERE country = $1), 'world')
		ORDER BY price, o.id`, country, weightGrams)
	if err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	options, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o shipping.Option, err error) {
		return o, row.Scan(&o.ID, &o.Carrier, &o.Service, &o.MinDays, &o.MaxDays, &o.Price.Amount)
	})
	if err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	return options, nil
}

const insertShipment = `
INSERT INTO shipments (id, order_id, option_id, carrier, service, tracking_number, status, created_at, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (order_id) DO NOTHING`

// Create implements shipping.Store.
func (s *Store) Create(ctx context.Context, sh shipping.Shipment) (created shipping.Shipment, err error) {
	err = s.inTurn(ctx, sh.OrderID, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, insertShipment,
			sh.ID, sh.OrderID, sh.OptionID, sh.Carrier, sh.Service, sh.TrackingNumber, sh.Status, sh.CreatedAt, telemetry.Traceparent(ctx))
		if err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			if _, err := addEvents(ctx, tx, sh.ID, sh.Events); err != nil {
				return err
			}
			ref := shipping.BookingRef{OrderID: sh.OrderID, ID: sh.BookingID}
			if err := pgaudit.Write(ctx, tx, ofParcel(audit.ParcelHandedOver, ref, map[string]string{"shipment": sh.ID})); err != nil {
				return err
			}
		}
		created, err = shipmentOf(ctx, tx, sh.OrderID)
		return err
	})
	return created, err
}

// addEvents adds a shipment's new events, and returns how many there were.
func addEvents(ctx context.Context, tx pgx.Tx, shipmentID string, events []shipping.Event) (added int64, err error) {
	batch := &pgx.Batch{}
	for _, e := range events {
		batch.Queue(`INSERT INTO tracking_events (shipment_id, status, at, detail) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			shipmentID, e.Status, e.At, e.Detail).Exec(func(tag pgconn.CommandTag) error {
			added += tag.RowsAffected()
			return nil
		})
	}
	err = tx.SendBatch(ctx, batch).Close()
	return added, err
}

const shipmentColumns = `id, order_id, coalesce(booking_id::text, ''), option_id, carrier, service, tracking_number, status, created_at,
	coalesce(handed_over_at, created_at), trace`

func scanShipment(row pgx.CollectableRow) (sh shipping.Shipment, err error) {
	return sh, row.Scan(&sh.ID, &sh.OrderID, &sh.BookingID, &sh.OptionID, &sh.Carrier, &sh.Service, &sh.TrackingNumber, &sh.Status, &sh.CreatedAt,
		&sh.HandedOverAt, &sh.Trace)
}

// ByOrders implements shipping.Store.
func (s *Store) ByOrders(ctx context.Context, orderIDs []string) ([]shipping.Shipment, error) {
	return byOrders(ctx, s.pool, orderIDs)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func byOrders(ctx context.Context, q querier, orderIDs []string) ([]shipping.Shipment, error) {
	rows, err := q.Query(ctx, `SELECT `+shipmentColumns+` FROM shipments WHERE order_id = ANY($1::uuid[]) ORDER BY id`, orderIDs)
	if err != nil {
		return nil, fmt.Errorf("shipments: %w", err)
	}
	shipments, err := pgx.CollectRows(rows, scanShipment)
	if err != nil {
		return nil, fmt.Errorf("shipments: %w", err)
	}
	return shipments, loadEvents(ctx, q, shipments)
}

func loadEvents(ctx context.Context, q querier, shipments []shipping.Shipment) error {
	byID := make(map[string]*shipping.Shipment, len(shipments))
	ids := make([]string, len(shipments))
	for i := range shipments {
		ids[i] = shipments[i].ID
		byID[shipments[i].ID] = &shipments[i]
	}
	rows, err := q.Query(ctx, `SELECT shipment_id, at, status, detail FROM tracking_events
		WHERE shipment_id = ANY($1::uuid[]) ORDER BY shipment_id, at`, ids)
	if err != nil {
		return fmt.Errorf("tracking events: %w", err)
	}
	var id string
	var e shipping.Event
	_, err = pgx.ForEachRow(rows, []any{&id, &e.At, &e.Status, &e.Detail}, func() error {
		byID[id].Events = append(byID[id].Events, e)
		return nil
	})
	if err != nil {
		return fmt.Errorf("tracking events: %w", err)
	}
	return nil
}
