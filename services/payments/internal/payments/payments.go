// Package payments is the domain of payments: it authorizes, captures, voids and refunds money through a provider, and keeps a
// double-entry ledger of that.
package payments

import (
	"errors"
	"slices"

	"souk/platform/money"
)

var (
	// ErrNotFound is returned for an order without a payment, and by a provider for an unknown payment.
	ErrNotFound = errors.New("payment not found")
	// ErrOutcomeUnknown is returned if the provider's answer was lost, so that the request may or may not have had its effect.
	// Repeating the request is safe.
	ErrOutcomeUnknown = errors.New("the provider's answer is unknown")
	// ErrProviderUnavailable is returned if the provider keeps failing without an effect. Repeating the request is safe.
	ErrProviderUnavailable = errors.New("the provider is unavailable")
	// ErrNotAuthorized is returned if there is no open authorization to capture.
	ErrNotAuthorized = errors.New("nothing is authorized")
	// ErrAlreadyCaptured is returned if a payment to void was already captured.
	ErrAlreadyCaptured = errors.New("the money is captured already")
	// ErrMismatch is returned if an order's payment is requested again with another amount or method.
	ErrMismatch = errors.New("the order has another payment")
	// ErrUnknownMethod is returned by a provider for an unknown payment method.
	ErrUnknownMethod = errors.New("unknown payment method")
	// ErrChanged is returned by a store if the status to change is no longer the expected one.
	ErrChanged = errors.New("the payment has changed")
)

// Status is the status of a payment.
type Status string

// A payment starts as Pending. Declined, Captured and Voided are final.
const (
	Pending    Status = "pending"
	Authorized Status = "authorized"
	Declined   Status = "declined"
	Captured   Status = "captured"
	Voided     Status = "voided"
)

// next maps each status to the possible next ones.
var next = map[Status][]Status{
	Pending:    {Authorized, Declined, Voided},
	Authorized: {Captured, Voided},
}

// CanBecome reports whether a payment may change from s to status.
func (s Status) CanBecome(status Status) bool {
	return slices.Contains(next[s], status)
}

// Payment is the one payment of an order.
type Payment struct {
	ID      string
	OrderID string
	// Reference is the shop's name for the payment at the provider.
	Reference string
	// ProviderID is the provider's name for the payment, if known.
	ProviderID string
	// Method is empty if the order was voided before it was authorized. Such a payment only prevents a later authorization; the
	// provider does not know it.
	Method        string
	Status        Status
	Amount        money.Money
	Refunded      money.Money
	DeclineReason string
}

// CapturedAmount returns the captured amount, without subtracting refunds.
func (p Payment) CapturedAmount() money.Money {
	if p.Status == Captured {
		return p.Amount
	}
	return money.New(0, p.Amount.Currency)
}
