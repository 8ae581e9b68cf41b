package checkout

import (
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
)

// Errors of placing an order.
var (
	ErrCartNotFound    = errors.New("cart not found")
	ErrCartEmpty       = errors.New("cart is empty")
	ErrAddressNotFound = errors.New("address not found")
	// ErrNumberTaken is returned by the store when another order has the same number.
	ErrNumberTaken = errors.New("order number is taken")
)

// PriceChangedError is returned when the cart does not cost what the client expects.
type PriceChangedError struct {
	// Detail says what is different, for people.
	Detail string
	// Totals are what the cart costs now, without the lines of NoLongerSold. Nil when nothing is left, or when the rest cannot be
	// sent as was asked for.
	Totals *order.Totals
	// NoLongerSold are the lines that catalog does not sell any more.
	NoLongerSold []order.Shortage
}

func (e *PriceChangedError) Error() string { return e.Detail }

// CartBeingOrderedError is returned for a cart whose purchases another order has claimed.
type CartBeingOrderedError struct {
	// OrderID is the other order. It is empty when that is another customer's, or has ended meanwhile.
	OrderID string
}

func (e *CartBeingOrderedError) Error() string { return "cart is being ordered by order " + e.OrderID }

// Errors of peers that are final: asking again gives the same answer.
var (
	// ErrReservationEnded is returned for an order whose stock was released or whose hold expired.
	ErrReservationEnded = errors.New("reservation has ended")
	// ErrPaymentEnded is returned for an order whose payment was voided.
	ErrPaymentEnded = errors.New("payment has ended")
)

// InsufficientStockError is a refused reservation, or a checkout that would be refused one. It is final as well.
type InsufficientStockError struct {
	Shortages []order.Shortage
}

func (e *InsufficientStockError) Error() string {
	return fmt.Sprintf("insufficient stock for %d lines", len(e.Shortages))
}

// DeclinedError is a refused payment. It is final as well.
type DeclinedError struct {
	// Reason is the provider's, such as card_declined.
	Reason string
}

func (e *DeclinedError) Error() string { return "payment declined: " + e.Reason }
