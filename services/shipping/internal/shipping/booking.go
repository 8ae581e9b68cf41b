package shipping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/field"
)

// Book books an order's parcel with the carrier, under an id that the caller saved before. What becomes of the id is decided once: a
// repeated or late call gets the same shipment, or the same error. It returns ErrUnknownOption or ErrBookingCancelled.
func (s *Service) Book(ctx context.Context, bookingID, orderID, optionID string, to Destination, weightGrams int64) (Shipment, error) {
	var check field.Checker
	bookingID = check.CheckID("booking_id", bookingID)
	orderID, err := checkParcel(orderID, to, weightGrams, &check)
	if err != nil {
		return Shipment{}, err
	}
	ref := BookingRef{OrderID: orderID, ID: bookingID}
	found, err := s.store.Booking(ctx, ref)
	if !errors.Is(err, ErrShipmentNotFound) {
		return found, err
	}
	sh, err := s.bookWithCarrier(ctx, ref, optionID, to, weightGrams)
	if errors.Is(err, ErrUnknownOption) {
		return s.store.Refuse(ctx, ref)
	}
	if err != nil {
		return Shipment{}, err
	}
	return s.storeBooking(ctx, sh)
}

// storeBooking stores a parcel that was booked with the carrier. A booking that does not stand is given back to the carrier.
func (s *Service) storeBooking(ctx context.Context, sh Shipment) (Shipment, error) {
	booked, replaced, err := s.store.Book(ctx, sh)
	ended := errors.Is(err, ErrBookingCancelled) || errors.Is(err, ErrUnknownOption)
	if ended || err == nil && booked.TrackingNumber != sh.TrackingNumber {
		replaced = sh.TrackingNumber
	}
	return booked, errors.Join(err, s.giveBack(ctx, replaced))
}

// HandOver hands a booked parcel to the carrier. One that was handed over before is returned as it is. It returns ErrShipmentNotFound or
// ErrBookingCancelled.
func (s *Service) HandOver(ctx context.Context, bookingID, orderID string) (Shipment, error) {
	ref, err := checkRef(bookingID, orderID)
	if err != nil {
		return Shipment{}, err
	}
	return s.store.HandOver(ctx, ref, time.Now().UTC())
}

// Cancel gives a booking back to the carrier. Afterwards it can be neither made nor handed over. It returns ErrHandedOver.
func (s *Service) Cancel(ctx context.Context, bookingID, orderID string) error {
	ref, err := checkRef(bookingID, orderID)
	if err != nil {
		return err
	}
	number, err := s.store.Cancel(ctx, ref)
	if err != nil {
		return err
	}
	return s.giveBack(ctx, number)
}

// giveBack tells the carrier that a parcel will not come. Without a number there is nothing to give back.
func (s *Service) giveBack(ctx context.Context, trackingNumber string) error {
	if trackingNumber == "" {
		return nil
	}
	if err := s.carrier.Cancel(ctx, trackingNumber); err != nil {
		return fmt.Errorf("give a booking back: %w", err)
	}
	return nil
}

// checkRef checks the ids of a booking and its order.
func checkRef(bookingID, orderID string) (BookingRef, error) {
	var check field.Checker
	ref := BookingRef{ID: check.CheckID("booking_id", bookingID), OrderID: check.CheckID("order_id", orderID)}
	return ref, check.Err()
}
