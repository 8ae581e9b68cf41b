// Package checkout is responsible for turning a cart into an order: what it costs, placing the order, and the steps that end in its
// confirmation or its rejection.
package checkout

import (
	"context"
	"log/slog"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
)

// Store keeps new orders with the idempotency keys of their checkouts. Each method that writes is one transaction.
type Store interface {
	order.Repository
	// Place saves a new order with its idempotency key and its claim on the purchases of its cart. It returns order.ErrKeyTaken,
	// ErrNumberTaken, order.ErrCustomerErased or a CartBeingOrderedError.
	Place(ctx context.Context, o order.Order, key idempotency.Request) (order.Order, error)
	// Key returns the use of a key, order.ErrKeyUnknown or order.ErrCustomerErased.
	Key(ctx context.Context, key idempotency.Request) (UsedKey, error)
	// Answer makes an order the answer to its idempotency key, unless there is an answer already, and returns the answer that stands.
	// An order that is still pending becomes due now.
	Answer(ctx context.Context, o order.Order) (order.View, error)
}

// UsedKey is the idempotency key of a checkout. Its Subject is the id of the order.
type UsedKey struct {
	idempotency.Use
	// Order is the first answer, or nil as long as there is none.
	Order *order.View
}

// Checkout places orders.
type Checkout struct {
	store  Store
	peers  Peers
	saga   *saga.Saga
	hold   time.Duration
	logger *slog.Logger
}

// New returns a checkout. Hold is how long stock is held for an order that is not paid yet.
func New(store Store, peers Peers, s *saga.Saga, hold time.Duration, logger *slog.Logger) *Checkout {
	return &Checkout{store: store, peers: peers, saga: s, hold: hold, logger: logger}
}
