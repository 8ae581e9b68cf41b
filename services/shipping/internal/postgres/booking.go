package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/telemetry"

	"souk/services/shipping/internal/shipping"
)

// Why a booking ended, as ended_bookings has it.
const (
	cancelled     = "cancelled"
	unknownOption = "unknown_option"
)

// lockOrder has the calls about an order's bookings take turns. There may be no row to lock yet.
const lockOrder = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

// inTurn runs work in a transaction that no other work on the order's bookings runs beside.
func (s *Store) inTurn(ctx context.Context, orderID string, work func(tx pgx.Tx) error) error {
	err := pgdb.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockOrder, orderID); err != nil {
			return err
		}
		return work(tx)
	})
	if err != nil {
		return fmt.Errorf("booking: %w", err)
	}
	return nil
}

// Booking implements shipping.BookingStore.
func (s *Store) Booking(ctx context.Context, ref shipping.BookingRef) (found shipping.Shipment, err error) {
	err = s.inTurn(ctx, ref.OrderID, func(tx pgx.Tx) error {
		found, err = booking(ctx, tx, ref)
		return err
	})
	return found, err
}

// booking returns the shipment that a booking made, or the one that the order's parcel was handed over with.
func booking(ctx context.Context, tx pgx.Tx, ref shipping.BookingRef) (shipping.Shipment, error) {
	switch reason, _, err := ending(ctx, tx, ref); {
	case err != nil:
		return shipping.Shipment{}, err
	case reason == cancelled:
		return shipping.Shipment{}, shipping.ErrBookingCancelled
	case reason == unknownOption:
		return shipping.Shipment{}, shipping.ErrUnknownOption
	}
	found, err := shipmentOf(ctx, tx, ref.OrderID)
	if err != nil {
		return shipping.Shipment{}, err
	}
	if found.Status == shipping.Booked && found.BookingID != ref.ID {
		return shipping.Shipment{}, shipping.ErrShipmentNotFound
	}
	return found, nil
}

// ending returns why a booking ended, and its tracking number. The reason is empty if it did not end.
func ending(ctx context.Context, tx pgx.Tx, ref shipping.BookingRef) (reason, trackingNumber string, err error) {
	err = tx.QueryRow(ctx, `SELECT reason, tracking_number FROM ended_bookings WHERE order_id = $1 AND booking_id = $2`, ref.OrderID, ref.ID).
		Scan(&reason, &trackingNumber)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", nil
	}
	return reason, trackingNumber, err
}

// shipmentOf returns the shipment of an order, or ErrShipmentNotFound.
func shipmentOf(ctx context.Context, tx pgx.Tx, orderID string) (shipping.Shipment, error) {
	found, err := byOrders(ctx, tx, []string{orderID})
	if err != nil {
		return shipping.Shipment{}, err
	}
	if len(found) == 0 {
		return shipping.Shipment{}, shipping.ErrShipmentNotFound
	}
	return found[0], nil
}

const insertBooking = `
INSERT INTO shipments (id, order_id, booking_id, option_id, carrier, service, tracking_number, status, created_at, trace, ask_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'infinity') ON CONFLICT (order_id) DO NOTHING`

// ofParcel returns the audit log's entry for a change of a booking.
func ofParcel(action audit.Action, ref shipping.BookingRef, detail map[string]string) audit.Entry {
	detail["booking"] = ref.ID
	return audit.Entry{Action: action, Kind: audit.Order, Subject: ref.OrderID, Detail: detail}
}

// Book implements shipping.BookingStore. An instance of the version before does not wait for its turn, so there may be a conflict.
func (s *Store) Book(ctx context.Context, sh shipping.Shipment) (booked shipping.Shipment, replaced string, err error) {
	ref := shipping.BookingRef{OrderID: sh.OrderID, ID: sh.BookingID}
	err = s.inTurn(ctx, ref.OrderID, func(tx pgx.Tx) error {
		booked, err = booking(ctx, tx, ref)
		if !errors.Is(err, shipping.ErrShipmentNotFound) {
			return err
		}
		if replaced, err = endOlder(ctx, tx, ref.OrderID); err != nil {
			return err
		}
		inserted, err := tx.Exec(ctx, insertBooking,
			sh.ID, sh.OrderID, sh.BookingID, sh.OptionID, sh.Carrier, sh.Service, sh.TrackingNumber, sh.Status, sh.CreatedAt,
			telemetry.Traceparent(ctx))
		if err != nil {
			return err
		}
		if inserted.RowsAffected() > 0 {
			if err := pgaudit.Write(ctx, tx, ofParcel(audit.ParcelBooked, ref, map[string]string{"shipment": sh.ID})); err != nil {
				return err
			}
		}
		booked, err = booking(ctx, tx, ref)
		return err
	})
	return booked, replaced, err
}

// endOlder cancels the order's booking, if there is one, and returns its tracking number.
func endOlder(ctx context.Context, tx pgx.Tx, orderID string) (trackingNumber string, err error) {
	older, err := shipmentOf(ctx, tx, orderID)
	if errors.Is(err, shipping.ErrShipmentNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return older.TrackingNumber, end(ctx, tx, shipping.BookingRef{OrderID: orderID, ID: older.BookingID}, cancelled)
}

const endBooking = `
WITH booked AS (DELETE FROM shipments WHERE order_id = $1 AND booking_id = $2 AND status = 'booked' RETURNING tracking_number)
INSERT INTO ended_bookings (order_id, booking_id, reason, tracking_number)
VALUES ($1, $2, $3, coalesce((SELECT tracking_number FROM booked), ''))`

// end ends a booking, whether or not it was made.
func end(ctx context.Context, tx pgx.Tx, ref shipping.BookingRef, reason string) error {
	if _, err := tx.Exec(ctx, endBooking, ref.OrderID, ref.ID, reason); err != nil {
		return err
	}
	return pgaudit.Write(ctx, tx, ofParcel(audit.BookingEnded, ref, map[string]string{"reason": reason}))
}

// Refuse implements shipping.BookingStore.
func (s *Store) Refuse(ctx context.Context, ref shipping.BookingRef) (found shipping.Shipment, err error) {
	refused := false
	err = s.inTurn(ctx, ref.OrderID, func(tx pgx.Tx) error {
		found, err = booking(ctx, tx, ref)
		if !errors.Is(err, shipping.ErrShipmentNotFound) {
			return err
		}
		refused = true
		return end(ctx, tx, ref, unknownOption)
	})
	if err == nil && refused {
		err = shipping.ErrUnknownOption
	}
	return found, err
}

const handOver = `UPDATE shipments SET status = $2, handed_over_at = $3, ask_at = '-infinity', trace = coalesce(nullif($4, ''), trace) WHERE id = $1`

// HandOver implements shipping.BookingStore.
func (s *Store) HandOver(ctx context.Context, ref shipping.BookingRef, at time.Time) (found shipping.Shipment, err error) {
	err = s.inTurn(ctx, ref.OrderID, func(tx pgx.Tx) error {
		found, err = booking(ctx, tx, ref)
		if errors.Is(err, shipping.ErrUnknownOption) {
			return shipping.ErrBookingCancelled
		}
		if err != nil || found.Status != shipping.Booked {
			return err
		}
		label := shipping.LabelCreatedAt(at)
		if _, err := tx.Exec(ctx, handOver, found.ID, label.Status, at, telemetry.Traceparent(ctx)); err != nil {
			return err
		}
		if _, err := addEvents(ctx, tx, found.ID, []shipping.Event{label}); err != nil {
			return err
		}
		if err := pgaudit.Write(ctx, tx, ofParcel(audit.ParcelHandedOver, ref, map[string]string{"shipment": found.ID})); err != nil {
			return err
		}
		found, err = shipmentOf(ctx, tx, ref.OrderID)
		return err
	})
	return found, err
}

// Cancel implements shipping.BookingStore.
func (s *Store) Cancel(ctx context.Context, ref shipping.BookingRef) (trackingNumber string, err error) {
	err = s.inTurn(ctx, ref.OrderID, func(tx pgx.Tx) error {
		reason, number, err := ending(ctx, tx, ref)
		if err != nil || reason != "" {
			trackingNumber = number
			return err
		}
		found, err := booking(ctx, tx, ref)
		switch {
		case errors.Is(err, shipping.ErrShipmentNotFound):
		case err != nil:
			return err
		case found.Status != shipping.Booked:
			return shipping.ErrHandedOver
		}
		trackingNumber = found.TrackingNumber
		return end(ctx, tx, ref, cancelled)
	})
	return trackingNumber, err
}
