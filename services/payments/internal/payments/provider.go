package payments

import (
	"context"

	"souk/platform/money"
)

// Authorization is a provider's answer to an authorization.
type Authorization struct {
	// Status is Authorized (also after the capture), Declined, or Voided if a void came first.
	Status Status
	// Reason is the reason for a decline.
	Reason string
	// ProviderID is the provider's name for the payment, if it has one.
	ProviderID string
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
	// Authorize holds money, or returns ErrUnknownMethod.
	Authorize(ctx context.Context, payment Payment) (Authorization, error)
	// Capture captures the held money, or returns ErrNotAuthorized if none is held.
	Capture(ctx context.Context, payment Payment) error
	// Void releases the held money. It returns no error if none is held because the payment was declined or voided. It returns
	// ErrAlreadyCaptured, and ErrNotFound for a payment that the provider does not know.
	Void(ctx context.Context, payment Payment) error
	// Lookup returns the state of a payment. ErrNotFound means that the provider does not know it, or does not know it yet:
	// authorizing it with the same reference is safe.
	Lookup(ctx context.Context, payment Payment) (Authorization, error)
	// Refund refunds money of a captured payment. The returned refund has the status RefundSucceeded or RefundFailed, and
	// perhaps a ProviderID.
	Refund(ctx context.Context, payment Payment, refund Refund) (Refund, error)
	// Refunds returns the provider's refunds of a payment with the shop's references. A refund that the shop did not make has
	// the provider's name as its reference.
	Refunds(ctx context.Context, payment Payment) ([]Refund, error)
	// Books returns the money held, captured and refunded for a payment, or ErrNotFound.
	Books(ctx context.Context, payment Payment) (ProviderBooks, error)
}
