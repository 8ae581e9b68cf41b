package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/idempotency"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/platform/telemetry"

	"souk/services/orders/internal/order"
)

// updateOrder sets all columns that change after an order is placed.
const updateOrder = `
UPDATE orders
SET status = @status, intent = @intent, decided_by = @decided_by, version = @version + 1, changed_at = @changed_at,
    shipment_id = @shipment_id, shipment_carrier = @shipment_carrier, tracking_number = @tracking_number,
    payment_status = @payment_status, authorized = @authorized, captured = @captured, refunded = @refunded,
    payment_version = @payment_version, payment_attention = @payment_attention, owed = @owed, attention = @attention,
    cart_checked_out = @cart_checked_out, refusal = @refusal,
    booking_id = nullif(@booking_id, '')::uuid, dispatch_refusal = @dispatch_refusal,
    trace = coalesce(nullif(@trace, ''), trace),
    due_at = CASE WHEN @has_work THEN coalesce(due_at, now() + @due_after::interval) END
WHERE id = @id AND version = @version`

// mutable returns the values of the columns that change, with the id and the version.
func (s *Store) mutable(ctx context.Context, o order.Order) pgx.NamedArgs {
	r := o.Snapshot()
	return pgx.NamedArgs{
		"id": r.ID, "version": r.Version, "status": string(r.Status), "intent": string(r.Intent),
		"decided_by":  r.DecidedBy,
		"changed_at":  r.ChangedAt,
		"shipment_id": r.Shipment.ID, "shipment_carrier": r.Shipment.Carrier, "tracking_number": r.Shipment.TrackingNumber,
		"payment_status": string(r.Payment.Status), "authorized": r.Payment.Authorized.Amount,
		"captured": r.Payment.Captured.Amount, "refunded": r.Payment.Refunded.Amount,
		"payment_version": r.PaymentVersion, "payment_attention": string(r.PaymentAttention), "owed": r.Owed,
		"attention":        texts(o.LastingAttention()),
		"cart_checked_out": r.CartCheckedOut, "refusal": r.Refusal,
		"booking_id": r.BookingID, "dispatch_refusal": r.DispatchRefusal,
		"trace":    telemetry.Traceparent(ctx),
		"has_work": o.Task() != order.TaskNone, "due_after": s.dueAfter,
	}
}

func texts(reasons []order.Attention) []string {
	all := make([]string, len(reasons))
	for i, reason := range reasons {
		all[i] = string(reason)
	}
	return all
}

// Save implements order.Repository.
func (s *Store) Save(ctx context.Context, o order.Order) (order.Order, error) {
	return s.save(ctx, o, func(*pgx.Batch) {})
}

// SaveRefund implements aftersales.Store.
func (s *Store) SaveRefund(ctx context.Context, o order.Order, refundID string, key idempotency.Request) (order.Order, error) {
	saved, err := s.save(ctx, o, func(batch *pgx.Batch) { pgkey.Claim(batch, key, refundID) })
	if pgkey.IsTaken(err) {
		return order.Order{}, order.ErrKeyTaken
	}
	return saved, err
}

// save saves an order in one transaction, together with what also queues.
func (s *Store) save(ctx context.Context, o order.Order, also func(*pgx.Batch)) (order.Order, error) {
	var answer *order.View
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(updateOrder, s.mutable(ctx, o)).Exec(mustAffectOne)
		queueEntries(batch, o)
		queueReturns(batch, o.Snapshot())
		queueRelease(batch, o)
		if err := pgaudit.Queue(ctx, batch, o.Decided()...); err != nil {
			return err
		}
		also(batch)
		if !o.Settled() {
			return tx.SendBatch(ctx, batch).Close()
		}
		var err error
		answer, err = saveAnswer(ctx, tx, batch, o.Snapshot().View)
		return err
	})
	switch {
	case errors.Is(err, order.ErrConflict):
		return order.Order{}, order.ErrConflict
	case err != nil:
		return order.Order{}, fmt.Errorf("save order: %w", err)
	}
	return o.Saved(answer), nil
}

func mustAffectOne(tag pgconn.CommandTag) error {
	if tag.RowsAffected() != 1 {
		return order.ErrConflict
	}
	return nil
}
