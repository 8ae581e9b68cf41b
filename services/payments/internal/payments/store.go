package payments

import "context"

// Store keeps payments, their refunds and their ledger.
type Store interface {
	// Begin adds a payment, or returns the one that the order has.
	Begin(ctx context.Context, payment Payment) (Payment, error)
	// Find returns the payment of an order, or ErrNotFound.
	Find(ctx context.Context, orderID string) (Payment, error)
	// FindReference returns the payment that has a reference at the provider, or ErrNotFound.
	FindReference(ctx context.Context, reference string) (Payment, error)
	// Move changes a payment's status and writes the movement to the ledger in the same transaction.
	// ErrChanged means that it no longer has the status it is expected to have.
	Move(ctx context.Context, payment Payment, to Status, declineReason string, movement Movement) (Payment, error)

	// BeginRefund adds a refund to the payment of an order, which it locks, if Payment.CheckRefund allows it. A
	// refund that has the id or the reference is returned as it stands, with added false.
	BeginRefund(ctx context.Context, orderID string, refund Refund) (payment Payment, stored Refund, added bool, err error)
	// MoveRefund changes a refund's status, what its payment has refunded, and the ledger in one transaction, and
	// returns the payment. ErrChanged is as with Move.
	MoveRefund(ctx context.Context, payment Payment, refund Refund, to RefundStatus, movement Movement) (Payment, error)
	// Refunds returns the refunds of a payment.
	Refunds(ctx context.Context, paymentID string) ([]Refund, error)

	// Books returns what the ledger says of the payments after an id, in the order of their ids: of all of them, or
	// of those of some orders.
	Books(ctx context.Context, after string, orderIDs []string, limit int) ([]Books, error)

	// EventSeen reports whether an event was saved before.
	EventSeen(ctx context.Context, provider, eventID string) (bool, error)
	// SaveEvent saves an event; again is no error.
	SaveEvent(ctx context.Context, provider string, event Event, paymentID string) error
}
