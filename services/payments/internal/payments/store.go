package payments

import (
	"context"
	"time"
)

// Store stores payments, their refunds and the ledger.
type Store interface {
	// Begin adds a payment, or returns the one that the order has. The provider is to be asked about it at askAt, or never if
	// that is zero.
	Begin(ctx context.Context, payment Payment, askAt time.Time) (Payment, error)
	// Find returns the payment of an order, or ErrNotFound.
	Find(ctx context.Context, orderID string) (Payment, error)
	// FindEvent returns the payment that an event is about, or ErrNotFound.
	FindEvent(ctx context.Context, event Event) (Payment, error)
	// Details returns the payments of orders, each with its refunds.
	Details(ctx context.Context, orderIDs []string) ([]Detail, error)
	// WantVoid notes that orders asked for the void of a payment, unless it has ended. Whoever voids it then, VoidRequested is the reason.
	WantVoid(ctx context.Context, paymentID string) error
	// Move changes a payment's status and writes the movements to the ledger in the same transaction.
	// ErrChanged means that it no longer has the status it is expected to have.
	Move(ctx context.Context, payment Payment, change Change, movements []Movement) (Payment, error)

	// BeginRefund adds a refund to the payment of an order, which it locks, if Payment.CheckRefund allows it. A
	// refund that has the id or the reference is returned as it stands, with added false. Of one that is added the provider is
	// to be asked at askAt.
	BeginRefund(ctx context.Context, orderID string, refund Refund, askAt time.Time) (payment Payment, stored Refund, added bool, err error)
	// MoveRefund makes a refund what answer says, and changes what its payment has refunded, and the ledger, in one transaction.
	// It returns the payment. ErrChanged and askAt are as with Move.
	MoveRefund(ctx context.Context, payment Payment, refund, answer Refund, movement Movement, askAt time.Time) (Payment, error)
	// Refunds returns the refunds of a payment.
	Refunds(ctx context.Context, paymentID string) ([]Refund, error)

	// Books returns the sums in the ledger for payments after an ID, sorted by ID: for all payments, or for those of some
	// orders.
	Books(ctx context.Context, after string, orderIDs []string, limit int) ([]Books, error)

	// ClaimDue returns payments that the provider is to be asked about, limit at most, and makes them due again after lease.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Payment, error)
	// Note sets whether a payment needs a person, and when the provider is to be asked about it next, unless it has changed
	// meanwhile.
	Note(ctx context.Context, payment Payment, attention Attention, askAt time.Time) error

	// EventSeen reports whether an event was saved before.
	EventSeen(ctx context.Context, provider, eventID string) (bool, error)
	// SaveEvent saves an event. Repeating it has no effect.
	SaveEvent(ctx context.Context, provider string, event Event, paymentID string) error
}
