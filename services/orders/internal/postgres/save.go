package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/pgdb"

	"souk/services/orders/internal/orders"
)

// Everything about an order that changes.
const updateOrder = `
UPDATE orders
SET status = @status, intent = @intent, version = @version + 1, changed_at = @changed_at,
    shipment_id = @shipment_id, shipment_carrier = @shipment_carrier, tracking_number = @tracking_number,
    payment_status = @payment_status, authorized = @authorized, captured = @captured, refunded = @refunded,
    cart_checked_out = @cart_checked_out, refusal = @refusal, job_id = @job_id
WHERE id = @id AND version = @version`

// mutable returns the values of the columns that change, with the id and the version.
func mutable(r orders.Record) pgx.NamedArgs {
	var jobID *int64
	if r.JobID != 0 {
		jobID = &r.JobID
	}
	return pgx.NamedArgs{
		"id": r.ID, "version": r.Version, "status": string(r.Status), "intent": string(r.Intent),
		"changed_at":  r.ChangedAt,
		"shipment_id": r.Shipment.ID, "shipment_carrier": r.Shipment.Carrier, "tracking_number": r.Shipment.TrackingNumber,
		"payment_status": string(r.Payment.Status), "authorized": r.Payment.Authorized.Amount,
		"captured": r.Payment.Captured.Amount, "refunded": r.Payment.Refunded.Amount,
		"cart_checked_out": r.CartCheckedOut, "refusal": r.Refusal, "job_id": jobID,
	}
}

// Save implements orders.Store.
func (s *Store) Save(ctx context.Context, change orders.Change) (orders.Record, error) {
	var saved orders.Record
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		saved = change.Record
		if err := s.schedule(ctx, tx, &saved); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(updateOrder, mutable(saved)).Exec(mustAffectOne)
		queueEntries(batch, saved, change.Entries)
		queueReturns(batch, change)
		if change.Settles {
			if err := queueAnswer(batch, saved.Order, &saved.Answer); err != nil {
				return err
			}
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	switch {
	case errors.Is(err, orders.ErrConflict):
		return orders.Record{}, orders.ErrConflict
	case pgdb.IsUnique(err, refundKeyConstraint):
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

const updateAnswer = `
UPDATE idempotency_keys SET answer = coalesce(answer, $2) WHERE order_id = $1 RETURNING answer`

// queueAnswer makes order the answer to its key unless there is one, and reads the answer that stands into
// answer: nil if the key is forgotten.
func queueAnswer(batch *pgx.Batch, order orders.Order, answer **orders.Order) error {
	content, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	batch.Queue(updateAnswer, order.ID, content).QueryRow(func(row pgx.Row) error {
		var standing []byte
		err := row.Scan(&standing)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		*answer, err = decodeAnswer(standing)
		return err
	})
	return nil
}

func decodeAnswer(content []byte) (*orders.Order, error) {
	if content == nil {
		return nil, nil
	}
	var order orders.Order
	if err := json.Unmarshal(content, &order); err != nil {
		return nil, fmt.Errorf("decode answer: %w", err)
	}
	return &order, nil
}

// Answer implements orders.Store.
func (s *Store) Answer(ctx context.Context, r orders.Record) (orders.Order, error) {
	var answer *orders.Order
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		answer = nil
		// Before the key is locked, as Save does it.
		if r.JobID != 0 && r.Status == orders.StatusPending {
			if err := s.jobs.Hurry(ctx, tx, r.JobID); err != nil {
				return err
			}
		}
		batch := &pgx.Batch{}
		if err := queueAnswer(batch, r.Order, &answer); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return orders.Order{}, fmt.Errorf("save answer: %w", err)
	}
	if answer == nil {
		return r.Order, nil
	}
	return *answer, nil
}
