// Package shipping is the domain of delivery: shipping prices, and the tracking of parcels.
package shipping

import (
	"context"
	"errors"
	"time"

	"souk/platform/money"
)

// Errors of shipments.
var (
	// ErrUnknownOption is returned if the shipping option does not exist for the destination.
	ErrUnknownOption = errors.New("unknown shipping option")
	// ErrBookingCancelled is returned for a booking that was cancelled.
	ErrBookingCancelled = errors.New("the booking was cancelled")
	// ErrShipmentNotFound is returned for a booking that was never made.
	ErrShipmentNotFound = errors.New("shipment not found")
	// ErrHandedOver is returned if a booking is to be cancelled whose parcel the carrier has.
	ErrHandedOver = errors.New("the carrier has the parcel")
)

// Destination is the address of a parcel.
type Destination struct {
	// Country is an ISO 3166-1 alpha-2 code.
	Country    string
	PostalCode string
}

// Option is a shipping option.
type Option struct {
	// ID is stable, because clients store it.
	ID      string
	Carrier string
	Service string
	Price   money.Money
	// MinDays and MaxDays are the working days until delivery.
	MinDays, MaxDays int
}

// Status is the status of a parcel.
type Status string

// The statuses in the order in which a parcel passes them.
const (
	// Booked means that the carrier does not have the parcel yet.
	Booked         Status = "booked"
	LabelCreated   Status = "label_created"
	InTransit      Status = "in_transit"
	OutForDelivery Status = "out_for_delivery"
	Delivered      Status = "delivered"
)

// Event is a change of a parcel's status.
type Event struct {
	At     time.Time
	Status Status
	Detail string
}

// Shipment is an order's parcel.
type Shipment struct {
	ID      string
	OrderID string
	// BookingID is the caller's id of the booking. It is empty for a parcel that was handed over without a booking.
	BookingID      string
	OptionID       string
	Carrier        string
	Service        string
	TrackingNumber string
	Status         Status
	// Events are sorted, the oldest first.
	Events    []Event
	CreatedAt time.Time
	// HandedOverAt is when the carrier got the parcel. It has no meaning while the parcel is booked.
	HandedOverAt time.Time
	// Trace is where the trace of the shipment goes on; see telemetry.Resume.
	Trace string
}

// BookingRef names a booking of an order.
type BookingRef struct{ OrderID, ID string }

// Booking is a request to a carrier.
type Booking struct {
	// Reference is our name for the booking.
	Reference   string
	Service     string
	Destination Destination
	WeightGrams int64
}

// Carrier ships parcels.
type Carrier interface {
	// Book books a parcel. The same reference again returns the same tracking number.
	Book(ctx context.Context, booking Booking) (trackingNumber string, err error)
	// Cancel gives a booking back. Canceling it again is no error.
	Cancel(ctx context.Context, trackingNumber string) error
	// Track returns the state of a parcel that the carrier has.
	Track(ctx context.Context, trackingNumber string, handedOverAt time.Time) (Tracking, error)
}

// Tracking is a carrier's information about a parcel.
type Tracking struct {
	// Events are the events so far, the oldest first.
	Events []Event
	// AskAt is when the carrier expects news. Zero means that it does not know.
	AskAt time.Time
}

// Store stores rates and shipments.
type Store interface {
	// Options returns the shipping options for a weight and a country, the cheapest first. Prices are in minor units.
	Options(ctx context.Context, country string, weightGrams int64) ([]Option, error)
	// Create adds a shipment that is handed over, or returns the order's existing one.
	Create(ctx context.Context, shipment Shipment) (Shipment, error)
	BookingStore
	// ByOrders returns the shipments of orders, with their events.
	ByOrders(ctx context.Context, orderIDs []string) ([]Shipment, error)
	// Parcels returns a page of the parcels that are booked or handed over, without their events, and whether there are more.
	Parcels(ctx context.Context, query ParcelQuery) (page []Shipment, more bool, err error)
	// ClaimDue returns up to limit parcels that are due to be queried, the earliest first. It returns none of them to another
	// caller within lease.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Shipment, error)
	// Record adds the parcel's new events and sets its status to that of the last one. Without new events it only sets the time
	// of the next query.
	Record(ctx context.Context, shipmentID string, events []Event, askAt time.Time) error
}

// BookingStore stores bookings. Each order has at most one shipment, booked or handed over. A booking that ended stays ended.
type BookingStore interface {
	// Booking returns the shipment that the booking made, or the one that the order's parcel was handed over with. It returns
	// ErrShipmentNotFound, or ErrBookingCancelled or ErrUnknownOption if the booking ended.
	Booking(ctx context.Context, ref BookingRef) (Shipment, error)
	// Book adds a booked shipment, or returns what Booking returns. It cancels the order's older booking, if there is one, and returns
	// its tracking number.
	Book(ctx context.Context, shipment Shipment) (booked Shipment, replaced string, err error)
	// Refuse ends a booking because of ErrUnknownOption, unless there is one by now. It returns what Booking returns then.
	Refuse(ctx context.Context, ref BookingRef) (Shipment, error)
	// HandOver notes that the carrier has had the parcel since a time. It returns the shipment, also if it was handed over before,
	// ErrShipmentNotFound or ErrBookingCancelled.
	HandOver(ctx context.Context, ref BookingRef, at time.Time) (Shipment, error)
	// Cancel ends a booking, whether or not it was made. It returns the booking's tracking number, which is empty if it was never made,
	// or ErrHandedOver.
	Cancel(ctx context.Context, ref BookingRef) (trackingNumber string, err error)
}
