package payments

import (
	"context"
	"time"

	"souk/platform/money"
)

// Authorization is a provider's answer to an authorization.
type Authorization struct {
	// Status is Authorized, also once captured; Declined; Voided, also when a void came first; or Pending while the bank has not decided.
	Status Status
	// Reason is the reason for a decline.
	Reason string
	// VoidReason says why it was voided.
	VoidReason VoidReason
	// ProviderID is the provider's own name for the payment, if it has one.
	ProviderID string
	// AskAt is when the provider expects to know more, such as when the authorization expires; zero if it cannot tell.
	AskAt time.Time
}

// Standing is what became of a payment at the provider.
type Standing struct {
	Authorization
	ProviderBooks
}

// ProviderBooks is a provider's view of a payment.
type ProviderBooks struct {
	// Open is held, and neither captured nor voided.
	Open     money.Money
	Captured money.Money
	Refunded money.Money
}

// Provider is a payment provider. All calls are idempotent: they are identified by the reference of the payment or the refund.
// After ErrOutcomeUnknown a call may have had its effect; after any other error it had none. An authorization at the provider
// is finally either captured or voided. Of two concurrent calls the provider refuses the later one, and its decision counts.
type Provider interface {
	// Authorize holds the money, or returns ErrUnknownMethod. Any other request that the provider refuses for good is declined.
	Authorize(ctx context.Context, payment Payment) (Authorization, error)
	// Capture takes the whole amount; taken already is no error. It returns ErrNotAuthorized when that cannot be, because the money
	// is not held, or a part of it is taken. The time is when the provider expects to know more; zero if it cannot tell.
	Capture(ctx context.Context, payment Payment) (askAt time.Time, err error)
	// Void lets the money go; none held, because it was declined or voided, is no error. It returns
	// ErrAlreadyCaptured, or ErrNotFound for a payment that the provider does not know, or not yet. It never asks for money.
	Void(ctx context.Context, payment Payment) error
	// Lookup returns what became of a payment. ErrNotFound means that the provider does not know it, or not yet:
	// authorizing it under the same reference is safe.
	Lookup(ctx context.Context, payment Payment) (Standing, error)
	// Refund gives money of a captured payment back. The answer has a status, RefundSucceeded or RefundFailed, and
	// perhaps a ProviderID. A refund that succeeded fails later when the bank does not take the money.
	Refund(ctx context.Context, payment Payment, refund Refund) (Refund, error)
	// Refunds returns the provider's refunds of a payment with the shop's references. A refund that the shop did not make has
	// the provider's name as its reference.
	Refunds(ctx context.Context, payment Payment) ([]Refund, error)
}
