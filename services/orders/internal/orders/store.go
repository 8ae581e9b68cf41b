package orders

import (
	"context"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
)

// UsedKey is the idempotency key of a checkout with what came of it: its Subject is the order's id.
type UsedKey struct {
	idempotency.Use
	// Order is the first answer, nil as long as none was given.
	Order *order.View
}

// Due is an order whose work nobody has finished in time.
type Due struct {
	ID string
	// ChangedAt is when the order was last changed.
	ChangedAt time.Time
}

// Store keeps orders. Each method that writes is one transaction.
type Store interface {
	order.Repository
	// Place saves a new order with its idempotency key. It returns ErrKeyTaken, ErrNumberTaken or order.ErrCustomerErased.
	Place(ctx context.Context, o order.Order, key idempotency.Request) (order.Order, error)
	// Key returns the use of a checkout's key, ErrKeyUnknown or order.ErrCustomerErased.
	Key(ctx context.Context, key idempotency.Request) (UsedKey, error)
	// Answer makes an order the answer to its idempotency key unless one was given before, and returns the answer that stands. An
	// order that is still pending becomes due now.
	Answer(ctx context.Context, o order.Order) (order.View, error)
	// ClaimDue returns up to limit orders that are due, the longest due first. Nobody else gets them until the lease has run out:
	// then they are due again.
	ClaimDue(ctx context.Context, limit int, lease time.Duration) ([]Due, error)
	// Postpone makes an order that has work left due after a while.
	Postpone(ctx context.Context, id string, wait time.Duration) error
	// List returns orders, newest first, and whether more follow. It may return fewer than the limit
	// when they have very many lines, but at least one if there is one.
	List(ctx context.Context, filter order.Filter) (found []order.Order, more bool, err error)
	// Tracked returns those of the orders that exist, each with the number of moves in its timeline.
	Tracked(ctx context.Context, ids []string) ([]Tracked, error)
	// ParcelPosition returns how far shipping's feed of moves has been followed. It is empty before the first time.
	ParcelPosition(ctx context.Context) (string, error)
	// SaveParcelPosition saves how far the feed has been followed, together with moves that have to wait. It returns order.ErrConflict
	// when the position is not from any more.
	SaveParcelPosition(ctx context.Context, from, to string, pending []ParcelMoves) error
	// PendingMoves returns up to limit parcels whose moves have to wait.
	PendingMoves(ctx context.Context, limit int) ([]ParcelMoves, error)
	// DeletePendingMoves ends the wait of a parcel's moves, unless more of them wait by now.
	DeletePendingMoves(ctx context.Context, parcel ParcelMoves) error
	// OrderOfReturn returns the id of a return's order, or order.ErrReturnNotFound.
	OrderOfReturn(ctx context.Context, returnID string) (string, error)
	// SaveRefund saves an order with a new refund, and with the idempotency key that the refund was requested with. It returns what
	// Save returns, or ErrKeyTaken.
	SaveRefund(ctx context.Context, o order.Order, refundID string, key idempotency.Request) (order.Order, error)
	// RefundKey returns the use of a refund's key, or ErrKeyUnknown. Its Subject is the refund's id, its Answer the refund's
	// status in the first answer.
	RefundKey(ctx context.Context, key idempotency.Request) (idempotency.Use, error)
	// AnswerRefund makes a status the one in the first answer to a refund's key unless there was an answer
	// before, and returns the status that stands.
	AnswerRefund(ctx context.Context, refundID string, status order.RefundStatus) (order.RefundStatus, error)
	// Versions returns the versions of those of the orders that exist.
	Versions(ctx context.Context, ids []string) (map[string]int64, error)
	// EraseCustomer erases a customer from all their orders, or returns ErrOrdersOpen. No order that the customer
	// places at the same time escapes it: it is found open, or refused.
	EraseCustomer(ctx context.Context, customerID string) error
}
