// Package shipping is the domain of delivery: what sending something costs, and where parcels are.
package shipping

import (
	"context"
	"errors"
	"time"

	"souk/platform/money"
)

// ErrUnknownOption is returned for a shipping option that no destination of the kind has.
var ErrUnknownOption = errors.New("unknown shipping option")

// Destination is where a parcel goes.
type Destination struct {
	// Country is an ISO 3166-1 alpha-2 code.
	Country    string
	PostalCode string
}

// Option is a way to send a parcel.
type Option struct {
	// ID is stable; clients choose by it.
	ID      string
	Carrier string
	Service string
	Price   money.Money
	// MinDays and MaxDays are working days until delivery.
	MinDays, MaxDays int
}

// Status is where a parcel stands.
type Status string

// The statuses, in the order a parcel goes through them.
const (
	LabelCreated   Status = "label_created"
	InTransit      Status = "in_transit"
	OutForDelivery Status = "out_for_delivery"
	Delivered      Status = "delivered"
)

// Event is a step on a parcel's way.
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
	// Events are the oldest first.
	Events    []Event
	CreatedAt time.Time
}

// Booking is what a carrier is asked to carry.
type Booking struct {
	OrderID     string
	Service     string
	Destination Destination
	WeightGrams int64
}

// Carrier carries parcels. Booking the same order again returns the same tracking number.
type Carrier interface {
	Book(ctx context.Context, booking Booking) (trackingNumber string, err error)
	// Track returns where a parcel is. bookedAt is when it was handed over.
	Track(ctx context.Context, trackingNumber string, bookedAt time.Time) (Tracking, error)
}

// Tracking is what a carrier knows of a parcel.
type Tracking struct {
	// Events are those so far, the oldest first.
	Events []Event
	// AskAt is when the carrier expects to know more. Zero means that it cannot tell.
	AskAt time.Time
}

// Store keeps rates and shipments.
type Store interface {
	// Options returns the ways to send a weight to a country, the cheapest first. Prices are minor units.
	Options(ctx context.Context, country string, weightGrams int64) ([]Option, error)
	// Create adds a shipment, or returns the one that the order has.
	Create(ctx context.Context, shipment Shipment) (Shipment, error)
	// ByOrders returns the shipments of orders, with their events.
	ByOrders(ctx context.Context, orderIDs []string) ([]Shipment, error)
	// ClaimDue returns up to limit parcels that the carrier is to be asked about by now, those that were due first. None of them
	// is returned to anyone else within lease.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Shipment, error)
	// Record adds the events that a parcel does not have yet and sets its status to the last one's. Without new events it only
	// sets when to ask again.
	Record(ctx context.Context, shipmentID string, events []Event, askAt time.Time) error
}
