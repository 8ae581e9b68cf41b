package payments

import (
	"context"
	"time"

	"souk/platform/money"
)

// Authorization is a provider's answer to an authorization.
type Authorization struct {
	// Status is Pending while the bank has not decided, then Authorized or Declined. It is still Authorized after a capture. It is Voided
	// after a void, even if the void came before the authorization.
	Status Status
	// Reason is the reason for a decline.
	Reason string
	// VoidReason says why it was voided.
	VoidReason VoidReason
	// ProviderID is the provider's own name for the payment, if it has one.
	ProviderID string
	// AskAt is when the provider expects news, for example when the authorization expires. It is zero if the provider cannot tell.
	AskAt time.Time
}

// Standing is the state of a payment at the provider.
type Standing struct {
	Authorization
	ProviderBooks
}

// ProviderBooks is a provider's view of a payment.
type ProviderBooks struct {
	// Open is the money that is authorized, and neither captured nor voided.
	Open     money.Money
	Captured money.Money
	Refunded money.Money
}

// Provider is a payment provider. All calls are idempotent: they are identified by the reference of the payment or the refund.
// After ErrOutcomeUnknown a call may have had its effect; after any other error it had none. An authorization at the provider
// is finally either captured or voided. Of two concurrent calls the provider refuses the later one, and its decision counts.
type Provider interface {
	// Authorize holds the money. It returns ErrUnknownMethod for an unknown payment method. If the provider finally refuses the request
	// for another reason, the answer is Declined and no error.
	Authorize(ctx context.Context, payment Payment) (Authorization, error)
	// Capture takes the whole amount. It is no error if that was done before. It returns ErrNotAuthorized if the whole amount is not held,
	// for example because the authorization has expired or a part of it was captured. askAt is when the provider expects to know more,
	// or zero if it cannot tell.
	Capture(ctx context.Context, payment Payment) (askAt time.Time, err error)
	// Void releases the held money. It is no error if none is held, because the payment was declined or voided. It returns
	// ErrAlreadyCaptured for a captured payment, and ErrNotFound for one that the provider does not know, or not yet. It never
	// authorizes anything.
	Void(ctx context.Context, payment Payment) error
	// Lookup returns the state of a payment. ErrNotFound means that the provider does not know it, or not yet. Even then it is safe to
	// authorize it with the same reference.
	Lookup(ctx context.Context, payment Payment) (Standing, error)
	// Refund refunds money of a captured payment. The answer has the status RefundSucceeded or RefundFailed, and a ProviderID if the
	// provider has one. A succeeded refund fails later if the bank returns the money.
	Refund(ctx context.Context, payment Payment, refund Refund) (Refund, error)
	// Refunds returns the provider's refunds of a payment with the shop's references. A refund that the shop did not make has
	// the provider's name as its reference.
	Refunds(ctx context.Context, payment Payment) ([]Refund, error)
}
