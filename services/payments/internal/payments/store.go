package payments

import "context"

// Store stores payments, their refunds and the ledger.
type Store interface {
	// Begin adds a payment, or returns the order's existing one.
	Begin(ctx context.Context, payment Payment) (Payment, error)
	// Find returns the payment of an order, or ErrNotFound.
	Find(ctx context.Context, orderID string) (Payment, error)
	// FindReference returns the payment with this reference, or ErrNotFound.
	FindReference(ctx context.Context, reference string) (Payment, error)
	// Move changes a payment's status and writes the movement to the ledger in the same transaction. It returns ErrChanged if
	// the stored status is not that of payment.
	Move(ctx context.Context, payment Payment, to Status, declineReason string, movement Movement) (Payment, error)

	// BeginRefund locks an order's payment and adds a refund to it, if Payment.CheckRefund allows it. If there is a refund with
	// the same ID or reference, it returns that one, with added false.
	BeginRefund(ctx context.Context, orderID string, refund Refund) (payment Payment, stored Refund, added bool, err error)
	// MoveRefund changes a refund's status, the refunded amount of its payment, and the ledger in one transaction, and returns
	// the payment. It returns ErrChanged like Move.
	MoveRefund(ctx context.Context, payment Payment, refund Refund, to RefundStatus, movement Movement) (Payment, error)
	// Refunds returns the refunds of a payment.
	Refunds(ctx context.Context, paymentID string) ([]Refund, error)

	// Books returns the sums in the ledger for payments after an ID, sorted by ID: for all payments, or for those of some
	// orders.
	Books(ctx context.Context, after string, orderIDs []string, limit int) ([]Books, error)

	// EventSeen reports whether an event was saved before.
	EventSeen(ctx context.Context, provider, eventID string) (bool, error)
	// SaveEvent saves an event. Repeating it has no effect.
	SaveEvent(ctx context.Context, provider string, event Event, paymentID string) error
}
