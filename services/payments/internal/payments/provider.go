package payments

import (
	"context"

	"souk/platform/money"
)

// Authorization is a provider's answer.
type Authorization struct {
	// Status is Authorized, also once captured; Declined; or Voided, when a void came first.
	Status Status
	// Reason says why the money was declined.
	Reason string
	// ProviderID is the provider's own name for the payment, if it has one.
	ProviderID string
}

// ProviderBooks is what a provider says of a payment.
type ProviderBooks struct {
	// Open is held and neither captured nor voided.
	Open     money.Money
	Captured money.Money
	Refunded money.Money
}

// Provider is a payment provider. Every call is idempotent by the reference of the payment or of the refund.
// ErrOutcomeUnknown means that a call may have had its effect; any other error means that it had none. An
// authorization ends at the provider either captured or voided: of two calls at once it refuses the later, and that
// decides.
type Provider interface {
	// Authorize holds the money, or returns ErrUnknownMethod.
	Authorize(ctx context.Context, payment Payment) (Authorization, error)
	// Capture takes the money, or returns ErrNotAuthorized when none is held.
	Capture(ctx context.Context, payment Payment) error
	// Void lets the money go; none held, because it was declined or voided, is no error. It returns
	// ErrAlreadyCaptured, or ErrNotFound for a payment that the provider does not know.
	Void(ctx context.Context, payment Payment) error
	// Lookup returns what became of a payment. ErrNotFound means that the provider does not know it, or not yet:
	// authorizing it under the same reference is safe.
	Lookup(ctx context.Context, payment Payment) (Authorization, error)
	// Refund gives money of a captured payment back. The answer has a status, RefundSucceeded or RefundFailed, and
	// perhaps a ProviderID.
	Refund(ctx context.Context, payment Payment, refund Refund) (Refund, error)
	// Refunds returns what the provider knows of a payment's refunds, by our references; one that was not made by us
	// goes by the provider's own name.
	Refunds(ctx context.Context, payment Payment) ([]Refund, error)
	// Books returns what the provider holds, has taken and has given back of a payment, or ErrNotFound.
	Books(ctx context.Context, payment Payment) (ProviderBooks, error)
}
