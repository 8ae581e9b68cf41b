// Package shipping is the domain of delivery: shipping prices, and the tracking of parcels.
package shipping

import (
	"context"
	"errors"
	"time"

	"souk/platform/money"
)

// ErrUnknownOption is returned if the shipping option does not exist for the destination.
var ErrUnknownOption = errors.New("unknown shipping option")

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
	ID             string
	OrderID        string
	OptionID       string
	Carrier        string
	Service        string
	TrackingNumber string
	Status         Status
	// Events are sorted, the oldest first.
	Events    []Event
	CreatedAt time.Time
}

// Booking is a request to a carrier.
type Booking struct {
	OrderID     string
	Service     string
	Destination Destination
	WeightGrams int64
}

// Carrier ships parcels. Booking the same order again returns the same tracking number.
type Carrier interface {
	Book(ctx context.Context, booking Booking) (trackingNumber string, err error)
	// Track returns the state of a parcel. bookedAt is the time of its booking.
	Track(ctx context.Context, trackingNumber string, bookedAt time.Time) (Tracking, error)
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
	// Create adds a shipment, or returns the order's existing one.
	Create(ctx context.Context, shipment Shipment) (Shipment, error)
	// ByOrders returns the shipments of orders, with their events.
	ByOrders(ctx context.Context, orderIDs []string) ([]Shipment, error)
	// ClaimDue returns up to limit parcels that are due to be queried, the earliest first. It returns none of them to another
	// caller within lease.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Shipment, error)
	// Record adds the parcel's new events and sets its status to that of the last one. Without new events it only sets the time
	// of the next query.
	Record(ctx context.Context, shipmentID string, events []Event, askAt time.Time) error
}
