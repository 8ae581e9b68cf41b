package aftersales

import (
	"context"
	"errors"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/settlement"
)

// Peers are the services that carry decisions out.
type Peers struct {
	Inventory Inventory
	Payments  Payments
	Shipping  Shipping
}

// Any method of a peer may also return saga.ErrUnavailable, or an error that nobody foresaw. Calls that change something take effect
// once for each order, return or refund.
type (
	// Inventory takes goods back.
	Inventory interface {
		// Release gives back the stock of an order, held or sold. Nothing can be reserved for the order afterwards.
		Release(ctx context.Context, orderID string) error
		// Return takes back pieces that an order bought.
		Return(ctx context.Context, orderID, returnID string, items []order.Item) error
	}

	// Payments moves the money of an order.
	Payments interface {
		settlement.Payments
		// Capture takes the authorized amount, or returns ErrNotAuthorized.
		Capture(ctx context.Context, orderID string) (order.PaymentNews, error)
	}

	// Shipping sends parcels.
	Shipping interface {
		// Book books the parcel of an order, so that it can be handed over. It returns ErrNotShippable, also for a booking that was
		// cancelled.
		Book(ctx context.Context, booking Booking, to order.Address, choice order.ShippingChoice) error
		// HandOver hands a booked parcel to the carrier. Again it returns the same shipment.
		HandOver(ctx context.Context, booking Booking) (order.Shipment, error)
		// CancelBooking gives a booking back. Afterwards its parcel is never handed over.
		CancelBooking(ctx context.Context, booking Booking) error
	}
)

// Booking names a booking of an order's parcel.
type Booking struct{ ID, OrderID string }

// Errors of peers that are final: asking again gives the same answer.
var (
	// ErrNotAuthorized is returned when there is no open authorization to capture.
	ErrNotAuthorized = errors.New("no open authorization")
	// ErrNotShippable is returned for a parcel that shipping does not take.
	ErrNotShippable = errors.New("shipping does not take the parcel")
)
