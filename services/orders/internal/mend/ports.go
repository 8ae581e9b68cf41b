package mend

import (
	"context"
	"errors"

	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
)

// Peers are the services that are made to agree with orders.
type Peers struct {
	Carts     Carts
	Inventory Inventory
	Payments  Payments
	Shipping  Shipping
}

// Any method of a peer may also return saga.ErrUnavailable, or an error that nobody foresaw. Calls that change something take effect
// once for each order, return or refund.
type (
	// Carts empties carts.
	Carts interface {
		// CheckOut takes the items of an order out of its cart.
		CheckOut(ctx context.Context, o order.Order) error
	}

	// Inventory sells goods and takes them back.
	Inventory interface {
		aftersales.Inventory
		// RestoreSale sells the items to an order that has bought them, if inventory does not know that. It returns a
		// *checkout.InsufficientStockError, or checkout.ErrReservationEnded for an order that inventory knows to be given up.
		RestoreSale(ctx context.Context, orderID string, items []order.StockItem) error
	}

	// Payments moves the money of an order.
	Payments interface {
		aftersales.Payments
		// AuthorizeRestored is Authorize for a payment that the provider may know although payments does not. It returns a
		// *checkout.DeclinedError, or checkout.ErrPaymentEnded for a payment that was voided.
		AuthorizeRestored(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error)
		// RefundRestored is Refund for a refund that the provider may know although payments does not.
		RefundRestored(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error)
	}

	// Shipping sends parcels.
	Shipping interface {
		aftersales.Shipping
		// Parcel returns the parcel of an order, or nil if none is booked or handed over.
		Parcel(ctx context.Context, orderID string) (*Parcel, error)
	}
)

// Parcel is a parcel that shipping has booked.
type Parcel struct {
	Booking aftersales.Booking
	// HandedOver tells that the carrier has the parcel.
	HandedOver     bool
	TrackingNumber string
}

// ErrNotMendable is returned for an order about which a person has to decide. The text of the error tells why.
var ErrNotMendable = errors.New("a person has to decide")
