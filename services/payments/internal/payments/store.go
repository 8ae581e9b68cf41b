package payments

import (
	"context"
	"time"
)

// Store stores payments, their refunds and the ledger. A payment is due at the time at which the provider is to be asked about it.
type Store interface {
	// Begin adds a payment, or returns the one that the order has. A payment that it adds is due at askAt, or never if that is zero. A
	// pending one has Asked for its authorization.
	Begin(ctx context.Context, payment Payment, askAt time.Time) (Payment, error)
	// Find returns the payment of an order, or ErrNotFound.
	Find(ctx context.Context, orderID string) (Payment, error)
	// FindEvent returns the payment that an event is about, or ErrNotFound.
	FindEvent(ctx context.Context, event Event) (Payment, error)
	// Details returns the payments of orders, each with its refunds.
	Details(ctx context.Context, orderIDs []string) ([]Detail, error)
	// WantCapture stores in Asked that the capture of an order's payment is asked for, if it is authorized. It returns the payment, or
	// ErrNotFound.
	WantCapture(ctx context.Context, orderID string) (Payment, error)
	// WantVoid stores that orders asked for the void of a payment, also in Asked, if it is pending or authorized. If the payment is voided
	// after that, for any reason, its VoidReason is VoidRequested.
	WantVoid(ctx context.Context, paymentID string) error
	// Move changes a payment's status and writes the movements to the ledger in the same transaction. It returns ErrChanged if the
	// stored payment no longer has the status that payment has.
	Move(ctx context.Context, payment Payment, change Change, movements []Movement) (Payment, error)

	// BeginRefund locks the payment of an order, and adds a refund to it if Payment.CheckRefund allows that, with Asked. The payment is
	// then due at askAt. If there is a refund with the same ID or reference, BeginRefund returns that one, and added is false.
	BeginRefund(ctx context.Context, orderID string, refund Refund, askAt time.Time) (payment Payment, stored Refund, added bool, err error)
	// MoveRefund gives a refund the status in answer, and updates its payment and the ledger, in one transaction. It returns the payment,
	// which is due at askAt, or ErrChanged if the stored refund no longer has the status that refund has.
	MoveRefund(ctx context.Context, payment Payment, refund, answer Refund, movement Movement, askAt time.Time) (Payment, error)
	// Refunds returns the refunds of a payment.
	Refunds(ctx context.Context, paymentID string) ([]Refund, error)

	// Books returns the sums in the ledger for payments after an ID, sorted by ID: for all payments, or for those of some
	// orders.
	Books(ctx context.Context, after string, orderIDs []string, limit int) ([]Books, error)

	// ClaimDue returns up to limit payments that are due, and makes them due again after lease.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Payment, error)
	// Note stores why a person must look at a payment, and when it is due next. It has no effect if the payment has changed meanwhile.
	Note(ctx context.Context, payment Payment, attention Attention, askAt time.Time) error

	// EventSeen reports whether an event was saved before.
	EventSeen(ctx context.Context, provider, eventID string) (bool, error)
	// SaveEvent saves an event. Repeating it has no effect.
	SaveEvent(ctx context.Context, provider string, event Event, paymentID string) error
}
