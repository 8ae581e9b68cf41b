// Package aftersales is responsible for what becomes of an order after its checkout: it is cancelled or dispatched, its goods come back,
// and its money is refunded. Each of these is a decision that is saved first and then carried out by a step of the saga.
package aftersales

import (
	"context"
	"log/slog"

	"souk/platform/idempotency"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

// Store keeps returns and refunds, with the orders they are of. Each method that writes is one transaction.
type Store interface {
	order.Repository
	// OrderOfReturn returns the id of a return's order, or order.ErrReturnNotFound.
	OrderOfReturn(ctx context.Context, returnID string) (string, error)
	// SaveRefund saves an order that has a new refund, together with the idempotency key of the refund. It returns what Save returns,
	// or order.ErrKeyTaken.
	SaveRefund(ctx context.Context, o order.Order, refundID string, key idempotency.Request) (order.Order, error)
	// RefundKey returns the use of a refund's key, or order.ErrKeyUnknown. Its Subject is the id of the refund, its Answer the status
	// of the refund in the first answer.
	RefundKey(ctx context.Context, key idempotency.Request) (idempotency.Use, error)
	// AnswerRefund makes a status the one in the first answer to a refund's key, unless there is an answer already, and returns the
	// status that stands.
	AnswerRefund(ctx context.Context, refundID string, status order.RefundStatus) (order.RefundStatus, error)
}

// AfterSales decides what becomes of orders.
type AfterSales struct {
	store  Store
	saga   *saga.Saga
	logger *slog.Logger
}

// New returns the decisions after the sale.
func New(store Store, s *saga.Saga, logger *slog.Logger) *AfterSales {
	return &AfterSales{store: store, saga: s, logger: logger}
}

// steps carry the decisions out.
type steps struct {
	orders order.Repository
	peers  Peers
	money  *settlement.Settlement
	logger *slog.Logger
}

// Steps returns the steps that carry the decisions out.
func Steps(orders order.Repository, peers Peers, logger *slog.Logger) saga.Steps {
	s := steps{orders, peers, settlement.New(orders, peers.Payments, logger), logger}
	return saga.Steps{
		order.TaskCancel: s.cancel, order.TaskDispatch: s.dispatch, order.TaskTakeBack: s.takeBack, order.TaskRefund: s.refund,
	}
}
