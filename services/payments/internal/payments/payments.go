// Package payments is the domain of money: what is authorized, captured and voided through a provider, and the
// double-entry ledger of it.
package payments

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"souk/platform/money"
)

var (
	// ErrNotFound is returned for an order without a payment.
	ErrNotFound = errors.New("payment not found")
	// ErrOutcomeUnknown is returned when the provider's answer was lost: it may or may not hold the money.
	// Asking again is safe.
	ErrOutcomeUnknown = errors.New("the provider's answer is unknown")
	// ErrNotAuthorized is returned when there is nothing open to capture.
	ErrNotAuthorized = errors.New("nothing is authorized")
	// ErrAlreadyCaptured is returned when money that was taken is to be voided.
	ErrAlreadyCaptured = errors.New("the money is captured already")
	// ErrMismatch is returned when an order's payment is asked for again with another amount or method.
	ErrMismatch = errors.New("the order has another payment")
	// ErrUnknownMethod is returned by a provider for a payment method it does not have.
	ErrUnknownMethod = errors.New("unknown payment method")
	// ErrChanged is returned by a store when a payment is no longer in the status that a change starts from.
	ErrChanged = errors.New("the payment has changed")
)

// Status is where a payment stands.
type Status string

// The statuses. A payment starts pending; declined, captured and voided are ends.
const (
	Pending    Status = "pending"
	Authorized Status = "authorized"
	Declined   Status = "declined"
	Captured   Status = "captured"
	Voided     Status = "voided"
)

// next is the transition table: what each status may become.
var next = map[Status][]Status{
	Pending:    {Authorized, Declined, Voided},
	Authorized: {Captured, Voided},
}

// CanBecome reports whether a payment may go from s to status.
func (s Status) CanBecome(status Status) bool {
	return slices.Contains(next[s], status)
}

// Payment is the one payment of an order.
type Payment struct {
	ID      string
	OrderID string
	// Reference is our own name for the payment at the provider.
	Reference     string
	Method        string
	Status        Status
	Amount        money.Money
	DeclineReason string
}

// CapturedAmount is what was taken.
func (p Payment) CapturedAmount() money.Money {
	if p.Status == Captured {
		return p.Amount
	}
	return money.New(0, p.Amount.Currency)
}

// Authorization is a provider's answer.
type Authorization struct {
	// Status is Authorized, also once captured; Declined; or Voided, when a void came first.
	Status Status
	// Reason says why the money was declined.
	Reason string
}

// Request asks a provider to hold money.
type Request struct {
	// Reference makes the request idempotent at the provider.
	Reference string
	Amount    money.Money
	Method    string
}

// Provider is a payment provider. Every call is idempotent by reference. ErrOutcomeUnknown means that a call may
// have had its effect; any other error means that it had none. An authorization ends at the provider either
// captured or voided: of two calls at once it refuses the later, and that decides.
type Provider interface {
	// Authorize holds the money, or returns ErrUnknownMethod.
	Authorize(ctx context.Context, request Request) (Authorization, error)
	// Capture takes the money, or returns ErrNotAuthorized when none is held under the reference.
	Capture(ctx context.Context, reference string) error
	// Void lets the money go; none held, because it was declined or voided, is no error. It returns
	// ErrAlreadyCaptured, or ErrNotFound for a reference that the provider does not know.
	Void(ctx context.Context, reference string) error
	// Lookup returns what the provider knows of a reference, or ErrNotFound.
	Lookup(ctx context.Context, reference string) (Authorization, error)
}

// Store keeps payments and their ledger.
type Store interface {
	// Begin adds a payment, or returns the one that the order has.
	Begin(ctx context.Context, payment Payment) (Payment, error)
	// Find returns the payment of an order, or ErrNotFound.
	Find(ctx context.Context, orderID string) (Payment, error)
	// Move changes a payment's status and writes the movement to the ledger in the same transaction.
	// ErrChanged means that it no longer has the status it is expected to have.
	Move(ctx context.Context, payment Payment, to Status, declineReason string, movement Movement) (Payment, error)
}

// Account is a side of the ledger.
type Account string

// The accounts of the ledger.
const (
	// CustomerFunds is what customers' banks promise us.
	CustomerFunds Account = "customer_funds"
	// Holds is what is authorized and not yet captured or voided.
	Holds Account = "authorization_holds"
	// Receivable is what the provider owes us.
	Receivable Account = "provider_receivable"
	// Sales is what was sold.
	Sales Account = "sales"
)

// Entry is one line of a movement; debits are positive, credits negative.
type Entry struct {
	Account Account
	Amount  money.Money
}

// Movement is a set of entries that add up to zero.
type Movement []Entry

// movementTo returns what a change of status means in the books.
func movementTo(p Payment, to Status) Movement {
	plus, minus := p.Amount, money.New(-p.Amount.Amount, p.Amount.Currency)
	switch {
	case to == Authorized:
		return Movement{{Holds, plus}, {CustomerFunds, minus}}
	case to == Captured:
		return Movement{{CustomerFunds, plus}, {Holds, minus}, {Receivable, plus}, {Sales, minus}}
	case to == Voided && p.Status == Authorized:
		return Movement{{CustomerFunds, plus}, {Holds, minus}}
	default:
		return nil
	}
}

// Check returns an error unless the movement adds up to zero.
func (m Movement) Check() error {
	var sum int64
	for _, e := range m {
		sum += e.Amount.Amount
	}
	if sum != 0 {
		return fmt.Errorf("the movement is off by %d", sum)
	}
	return nil
}
