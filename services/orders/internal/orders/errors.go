package orders

import (
	"errors"
	"fmt"

	"souk/services/orders/internal/order"
)

// What callers of the service are told.
var (
	ErrCartNotFound    = errors.New("cart not found")
	ErrCartEmpty       = errors.New("cart is empty")
	ErrAddressNotFound = errors.New("address not found")
	ErrBadCursor       = errors.New("cursor is not one of this list")
	ErrTicketNotFound  = errors.New("ticket not found")
	ErrOrdersOpen      = errors.New("an order of the customer is still under way")
	// ErrUnavailable is returned when a service that is needed cannot be asked; trying again may help.
	ErrUnavailable = errors.New("unavailable")
)

// PriceChangedError is returned when the cart is not worth what the client believes.
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

// What the store tells the service.
var (
	// ErrKeyUnknown is returned for an idempotency key that was never used.
	ErrKeyUnknown = errors.New("idempotency key is unknown")
	// ErrKeyTaken is returned when another request saved an order under the same idempotency key first.
	ErrKeyTaken = errors.New("idempotency key is taken")
	// ErrNumberTaken is returned when another order has the same number.
	ErrNumberTaken = errors.New("order number is taken")
)

// What peers tell the service, apart from ErrUnavailable. Each of these is final: asking again gives the
// same answer.
var (
	// ErrReservationEnded is returned for an order whose stock was released or whose hold expired.
	ErrReservationEnded = errors.New("reservation has ended")
	// ErrPaymentEnded is returned for an order whose payment was voided.
	ErrPaymentEnded = errors.New("payment has ended")
	// ErrNotAuthorized is returned when there is no open authorization to capture.
	ErrNotAuthorized = errors.New("no open authorization")
	// ErrNotRefundable is returned when less is left of what was captured.
	ErrNotRefundable = errors.New("not so much is captured")
)

// InsufficientStockError is a refused reservation, or a checkout that would be refused one.
type InsufficientStockError struct {
	Shortages []order.Shortage
}

func (e *InsufficientStockError) Error() string {
	return fmt.Sprintf("insufficient stock for %d lines", len(e.Shortages))
}

// DeclinedError is a refused payment.
type DeclinedError struct {
	// Reason is the provider's, such as card_declined.
	Reason string
}

func (e *DeclinedError) Error() string { return "payment declined: " + e.Reason }
