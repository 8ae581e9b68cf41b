package orders

import (
	"context"
	"time"

	"souk/platform/idempotency"
)

// UsedKey is the idempotency key of a checkout with what came of it: its Subject is the order's id.
type UsedKey struct {
	idempotency.Use
	// Order is the first answer, nil as long as none was given.
	Order *Order
}

// Change is a change of an order to save.
type Change struct {
	// Record is the order as it is to be, at the version it was read at.
	Record Record
	// Entries are the last ones of the record's timeline, those that this change adds.
	Entries []TimelineEntry
	// RefundKey is the idempotency key that a new refund came with, or nil.
	RefundKey *RefundKey
	// Settles marks the change that ends the checkout: the order becomes the answer to its idempotency
	// key, unless an answer was given before.
	Settles bool
}

// RefundKey is the use of an idempotency key for a refund.
type RefundKey struct {
	idempotency.Request
	RefundID string
}

// Filter says which orders to list. The zero value lists all.
type Filter struct {
	CustomerID string
	Status     Status
	// Before lists only what is older than an order.
	Before *Position
	Limit  int
}

// Position is where an order stands in a list.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// Due is an order whose work nobody has finished in time.
type Due struct {
	ID string
	// ChangedAt is when the order was last changed.
	ChangedAt time.Time
}

// Store keeps orders. Each method that writes is one transaction, which also makes an order that has come to have work due some
// time later, and an order that has none left no longer due.
type Store interface {
	// Place saves a new order with its idempotency key. It returns ErrKeyTaken, ErrNumberTaken or ErrCustomerErased.
	Place(ctx context.Context, r Record, key idempotency.Request) (Record, error)
	// Key returns the use of a checkout's key, ErrKeyUnknown or ErrCustomerErased.
	Key(ctx context.Context, key idempotency.Request) (UsedKey, error)
	// Answer makes an order the answer to its idempotency key unless one was given before, and returns
	// the answer that stands. An order that is still pending becomes due now.
	Answer(ctx context.Context, r Record) (Order, error)
	// Get returns an order, or ErrNotFound.
	Get(ctx context.Context, id string) (Record, error)
	// Save saves a change, its returns and refunds included, and returns the order as it is now. It returns
	// ErrConflict, or ErrKeyTaken for its RefundKey.
	Save(ctx context.Context, change Change) (Record, error)
	// ClaimDue returns up to limit orders that are due, the longest due first. Nobody else gets them until the lease has run out:
	// then they are due again.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Due, error)
	// Postpone makes an order that has work left due after a while.
	Postpone(ctx context.Context, id string, wait time.Duration) error
	// List returns orders, newest first, and whether more follow. It may return fewer than the limit
	// when they have very many lines, but at least one if there is one.
	List(ctx context.Context, filter Filter) (found []Record, more bool, err error)
	// Tracked returns those of the orders that exist, each with the number of moves in its timeline.
	Tracked(ctx context.Context, ids []string) ([]Tracked, error)
	// ParcelPosition returns how far shipping's feed of moves has been followed. It is empty before the first time.
	ParcelPosition(ctx context.Context) (string, error)
	// SaveParcelPosition saves how far the feed has been followed, together with moves that have to wait. It returns ErrConflict
	// when the position is not from any more.
	SaveParcelPosition(ctx context.Context, from, to string, pending []ParcelMoves) error
	// PendingMoves returns up to limit parcels whose moves have to wait.
	PendingMoves(ctx context.Context, limit int) ([]ParcelMoves, error)
	// DeletePendingMoves ends the wait of a parcel's moves, unless more of them wait by now.
	DeletePendingMoves(ctx context.Context, parcel ParcelMoves) error
	// OrderOfReturn returns the id of a return's order, or ErrReturnNotFound.
	OrderOfReturn(ctx context.Context, returnID string) (string, error)
	// RefundKey returns the use of a refund's key, or ErrKeyUnknown. Its Subject is the refund's id, its Answer the refund's
	// status in the first answer.
	RefundKey(ctx context.Context, key idempotency.Request) (idempotency.Use, error)
	// AnswerRefund makes a status the one in the first answer to a refund's key unless there was an answer
	// before, and returns the status that stands.
	AnswerRefund(ctx context.Context, refundID string, status RefundStatus) (RefundStatus, error)
	// Versions returns the versions of those of the orders that exist.
	Versions(ctx context.Context, ids []string) (map[string]int64, error)
	// EraseCustomer erases a customer from all their orders, or returns ErrOrdersOpen. No order that the customer
	// places at the same time escapes it: it is found open, or refused.
	EraseCustomer(ctx context.Context, customerID string) error
}
