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
		// Ship hands the parcel of an order to the carrier. Again it returns the same shipment.
		Ship(ctx context.Context, orderID string, to order.Address, choice order.ShippingChoice) (order.Shipment, error)
	}
)

// ErrNotAuthorized is returned when there is no open authorization to capture. Asking again gives the same answer.
var ErrNotAuthorized = errors.New("no open authorization")
