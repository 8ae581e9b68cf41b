package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/pgdb"
	"souk/platform/pgkey"

	"souk/services/orders/internal/orders"
)

// Everything about an order that changes.
const updateOrder = `
UPDATE orders
SET status = @status, intent = @intent, version = @version + 1, changed_at = @changed_at,
    shipment_id = @shipment_id, shipment_carrier = @shipment_carrier, tracking_number = @tracking_number,
    payment_status = @payment_status, authorized = @authorized, captured = @captured, refunded = @refunded,
    cart_checked_out = @cart_checked_out, refusal = @refusal,
    due_at = CASE WHEN @has_work THEN coalesce(due_at, now() + @due_after::interval) END
WHERE id = @id AND version = @version`

// mutable returns the values of the columns that change, with the id and the version.
func (s *Store) mutable(r orders.Record) pgx.NamedArgs {
	return pgx.NamedArgs{
		"id": r.ID, "version": r.Version, "status": string(r.Status), "intent": string(r.Intent),
		"changed_at":  r.ChangedAt,
		"shipment_id": r.Shipment.ID, "shipment_carrier": r.Shipment.Carrier, "tracking_number": r.Shipment.TrackingNumber,
		"payment_status": string(r.Payment.Status), "authorized": r.Payment.Authorized.Amount,
		"captured": r.Payment.Captured.Amount, "refunded": r.Payment.Refunded.Amount,
		"cart_checked_out": r.CartCheckedOut, "refusal": r.Refusal,
		"has_work": r.Task() != orders.TaskNone, "due_after": s.dueAfter,
	}
}

// Save implements orders.Store.
func (s *Store) Save(ctx context.Context, change orders.Change) (orders.Record, error) {
	var saved orders.Record
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		saved = change.Record
		batch := &pgx.Batch{}
		batch.Queue(updateOrder, s.mutable(saved)).Exec(mustAffectOne)
		queueEntries(batch, saved, change.Entries)
		queueReturns(batch, change)
		if !change.Settles {
			return tx.SendBatch(ctx, batch).Close()
		}
		var err error
		saved.Answer, err = saveAnswer(ctx, tx, batch, saved.Order)
		return err
	})
	switch {
	case errors.Is(err, orders.ErrConflict):
		return orders.Record{}, orders.ErrConflict
	case pgkey.IsTaken(err):
		return orders.Record{}, orders.ErrKeyTaken
	case err != nil:
		return orders.Record{}, fmt.Errorf("save order: %w", err)
	}
	saved.Version++
	return saved, nil
}

func mustAffectOne(tag pgconn.CommandTag) error {
	if tag.RowsAffected() != 1 {
		return orders.ErrConflict
	}
	return nil
}
