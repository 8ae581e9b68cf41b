// Package settlement is responsible for the money of an order after its checkout: it follows what payments tells, gives money back, and
// lets it go when an order ends unsold.
package settlement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"souk/services/orders/internal/order"
)

// Settlement gives the money of orders back.
type Settlement struct {
	orders   order.Repository
	payments Payments
	logger   *slog.Logger
}

// New returns the settlement.
func New(orders order.Repository, payments Payments, logger *slog.Logger) *Settlement {
	return &Settlement{orders: orders, payments: payments, logger: logger}
}

// LetGo gives up the money of an order that ends unsold. What is held is voided. What was captured at the payment provider itself is
// refunded: that is a decision of its own, which is saved first. LetGo returns the order as it is then, and whether it is done. When it is
// not, the order was saved, and LetGo is to be called again.
func (s *Settlement) LetGo(ctx context.Context, o order.Order) (_ order.Order, done bool, err error) {
	if refund, pending := o.PendingRefund(); pending {
		if err := s.PayBack(ctx, &o, refund); err != nil {
			return o, false, err
		}
		saved, err := s.orders.Save(ctx, o)
		return saved, false, err
	}
	news, err := s.payments.Void(ctx, o.ID())
	if errors.Is(err, ErrAlreadyCaptured) {
		return s.refundRest(ctx, o)
	}
	if err != nil {
		return o, false, fmt.Errorf("void payment: %w", err)
	}
	return o, true, o.FollowPayment(news)
}

// refundRest adds a refund of all that was captured, unless that was done before.
func (s *Settlement) refundRest(ctx context.Context, o order.Order) (_ order.Order, done bool, err error) {
	told, err := s.payments.Payments(ctx, []string{o.ID()})
	if err != nil {
		return o, false, fmt.Errorf("read payment: %w", err)
	}
	for _, news := range told {
		if err := o.FollowPayment(news); err != nil {
			return o, false, err
		}
	}
	added, err := o.RefundRest(RestID(o.ID()), "the order was not carried out")
	if err != nil || !added {
		return o, err == nil, err
	}
	saved, err := s.orders.Save(ctx, o)
	return saved, false, err
}

// RestID returns the id of the refund of all that was captured for an order. It is the same each time, so that there is one.
func RestID(orderID string) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("souk rest of order "+orderID)).String()
}

// PayBack has payments give the money of a refund back. A refund that payments refuses has failed, and its money is owed.
func (s *Settlement) PayBack(ctx context.Context, o *order.Order, refund order.Refund) error {
	news, err := s.payments.Refund(ctx, o.ID(), refund.ID, refund.Amount)
	switch {
	case errors.Is(err, ErrNotRefundable):
		s.logger.ErrorContext(ctx, "refund failed", "order_id", o.ID(), "refund_id", refund.ID, "error", err)
		return o.FailRefund(refund.ID)
	case err != nil:
		return fmt.Errorf("refund: %w", err)
	}
	if err := o.FollowPayment(news); err != nil {
		return err
	}
	if is, _ := o.Refund(refund.ID); is.Status != order.RefundPending {
		return nil
	}
	return o.CompleteRefund(refund.ID) // because the news was not newer
}
