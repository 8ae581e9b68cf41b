// Package payments is the domain of payments: it authorizes, captures, voids and refunds money through a provider, and keeps a
// double-entry ledger of that.
package payments

import (
	"errors"
	"slices"
	"time"

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

// VoidReason is why a payment was voided.
type VoidReason string

// The reasons. For VoidRequested, orders asked for the void. The others happen at the provider.
const (
	VoidRequested  VoidReason = "requested"
	VoidExpired    VoidReason = "expired"     // nobody captured it in time
	VoidAtProvider VoidReason = "at_provider" // by the provider, or by somebody in its dashboard
)

// Attention is why a person must look at a payment. It is empty if nobody must.
type Attention string

// The reasons.
const (
	// OutcomeUnknown means that the outcome of the payment or of one of its refunds has been unknown for unknownFor.
	OutcomeUnknown Attention = "outcome_unknown"
	// ProviderDiffers means that the provider's numbers differ from ours, and that we cannot update ours.
	ProviderDiffers Attention = "provider_differs"
)

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
	// VoidReason is why the payment was voided. In a payment that is not voided, VoidRequested means that orders has asked for that.
	VoidReason VoidReason
	Attention  Attention
	// CapturedPart is the captured amount in minor units if only a part was captured; 0 if all of it was.
	CapturedPart int64
	// Version counts the changes.
	Version int64
	// Asked is what the provider has been asked for and has not answered yet; nil if there is nothing.
	Asked *Asked
	// Trace is where the trace of the latest change goes on; see telemetry.Resume.
	Trace     string
	CreatedAt time.Time
	ChangedAt time.Time
}

// OpenAmount is the money that is authorized, and neither captured nor voided.
func (p Payment) OpenAmount() money.Money {
	if p.Status == Authorized {
		return p.Amount
	}
	return money.New(0, p.Amount.Currency)
}

// CapturedAmount is the captured money. Refunds do not reduce it.
func (p Payment) CapturedAmount() money.Money {
	switch {
	case p.Status != Captured:
		return money.New(0, p.Amount.Currency)
	case p.CapturedPart > 0:
		return money.New(p.CapturedPart, p.Amount.Currency)
	default:
		return p.Amount
	}
}

// Detail is a payment with its refunds.
type Detail struct {
	Payment
	Refunds []Refund
}

// Change is a change of a payment's status.
type Change struct {
	To            Status
	DeclineReason string
	VoidReason    VoidReason
	CapturedPart  int64
	// Unasked is true if no call by orders caused the change. For example, the authorization has expired.
	Unasked bool
	// AskAt is when to ask the provider next; zero for never.
	AskAt time.Time
}
