package orders

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"souk/services/orders/internal/order"
)

const (
	// Less of a hold than this is as good as none.
	leastHold = time.Second
	// Inventory ends a hold within this after its time.
	holdGrace = 15 * time.Second
	// A cart that cannot be emptied within this is emptied after the order is confirmed.
	cartTime = time.Second
)

// checkOut takes a pending order to its confirmation, or to the decision to reject it.
//
// The cart is emptied before the confirmation is saved, so that one transaction can both confirm the order and leave nothing to do.
// By then the goods are sold and paid, so whoever moves the order on will confirm it.
func (s *Service) checkOut(ctx context.Context, o order.Order) (order.Order, error) {
	err := s.secure(ctx, o)
	if refusal := refusalOf(err); refusal != nil {
		return s.beginRejection(ctx, o, *refusal)
	}
	if err != nil {
		return o, err
	}
	if s.tryEmptyCart(ctx, o) {
		o.EmptyCart()
	}
	if err := o.Confirm(); err != nil {
		return o, err
	}
	return s.store.Save(ctx, o)
}

// secure has the goods held, the money authorized and the goods sold, in this order, so that nobody pays
// for what is not there and no stock is locked while a bank thinks.
func (s *Service) secure(ctx context.Context, o order.Order) error {
	if err := s.hold(ctx, o); err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	if err := s.peers.Payments.Authorize(ctx, o.ID(), o.Totals().Total, o.PaymentMethod()); err != nil {
		return fmt.Errorf("authorize: %w", err)
	}
	if err := s.peers.Inventory.Commit(ctx, o.ID()); err != nil {
		return fmt.Errorf("commit reservation: %w", err)
	}
	return nil
}

// errHoldEnding is returned while inventory may or may not have ended a hold whose time is over.
var errHoldEnding = errors.New("the hold on stock is ending")

// hold reserves the goods. Once the time for that is over nothing new is reserved: a reservation that was
// committed stands, since it is committed only after the payment, and any other has ended.
func (s *Service) hold(ctx context.Context, o order.Order) error {
	left := time.Until(o.HoldUntil())
	switch {
	case left < -holdGrace:
		return s.peers.Inventory.Commit(ctx, o.ID())
	case left < leastHold:
		return errHoldEnding
	}
	items := o.Items()
	// In one order for everyone, so that reservations do not wait for each other in circles.
	slices.SortFunc(items, func(a, b order.Item) int { return cmp.Compare(a.SKU, b.SKU) })
	return s.peers.Inventory.Reserve(ctx, o.ID(), items, left)
}

// tryEmptyCart reports whether the cart was emptied. That it cannot be does not hold up the order.
func (s *Service) tryEmptyCart(ctx context.Context, o order.Order) bool {
	ctx, cancel := context.WithTimeout(ctx, cartTime)
	defer cancel()
	err := s.peers.Carts.CheckOut(ctx, o.CartID(), o.ID(), o.Items())
	if err != nil {
		s.logger.WarnContext(ctx, "cart is emptied later", "order_id", o.ID(), "error", err)
	}
	return err == nil
}

// emptyCart takes what a confirmed order bought out of its cart.
func (s *Service) emptyCart(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Carts.CheckOut(ctx, o.CartID(), o.ID(), o.Items()); err != nil {
		return o, fmt.Errorf("check out cart: %w", err)
	}
	o.EmptyCart()
	return s.store.Save(ctx, o)
}

// refusalOf returns why an error ends a checkout, or nil if it does not: then the outcome is not known.
func refusalOf(err error) *order.Rejection {
	var short *InsufficientStockError
	var declined *DeclinedError
	switch {
	case errors.As(err, &short):
		return &order.Rejection{Reason: order.RejectedOutOfStock, Shortages: short.Shortages}
	case errors.As(err, &declined):
		return &order.Rejection{Reason: order.RejectedPaymentDeclined, Detail: declined.Reason}
	case errors.Is(err, ErrReservationEnded), errors.Is(err, ErrPaymentEnded):
		return &order.Rejection{Reason: order.RejectedExpired}
	default:
		return nil
	}
}
