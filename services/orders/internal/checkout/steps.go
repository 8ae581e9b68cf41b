package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

const (
	// leastHold is the shortest time for which stock is held.
	leastHold = time.Second
	// holdGrace is how long we wait after the end of a hold, so that inventory's sweep has time to expire it.
	holdGrace = 15 * time.Second
	// cartTime is how long emptying the cart may delay the confirmation. After that the order is confirmed, and the cart is emptied later.
	cartTime = time.Second
)

// steps are the steps of a checkout.
type steps struct {
	orders order.Repository
	peers  Peers
	money  *settlement.Settlement
	logger *slog.Logger
}

// Steps returns the steps of a checkout.
func Steps(orders order.Repository, peers Peers, logger *slog.Logger) saga.Steps {
	s := steps{orders, peers, settlement.New(orders, peers.Payments, logger), logger}
	return saga.Steps{order.TaskCheckOut: s.checkOut, order.TaskReject: s.reject, order.TaskEmptyCart: s.emptyCart}
}

// checkOut takes a pending order to its confirmation, or to the decision to reject it.
//
// The cart is emptied before the confirmation is saved, so that one transaction both confirms the order and leaves no work. This is safe
// because the goods are sold and paid by then: the order will be confirmed, even if this process dies.
func (s steps) checkOut(ctx context.Context, o order.Order) (order.Order, error) {
	payment, err := s.secure(ctx, o)
	if refusal := refusalOf(err); refusal != nil {
		return s.beginRejection(ctx, o, *refusal)
	}
	if err != nil {
		return o, err
	}
	if s.tryEmptyCart(ctx, o) {
		o.EmptyCart()
	}
	if err := o.FollowPayment(payment); err != nil {
		return o, err
	}
	if err := o.Confirm(); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}

// secure has the stock held, the money authorized and the stock sold, in this order, so that nobody pays for goods that are not there.
func (s steps) secure(ctx context.Context, o order.Order) (order.PaymentNews, error) {
	if err := s.hold(ctx, o); err != nil {
		return order.PaymentNews{}, fmt.Errorf("reserve: %w", err)
	}
	payment, err := s.peers.Payments.Authorize(ctx, o.ID(), o.Totals().Total, o.PaymentMethod())
	if err != nil {
		return order.PaymentNews{}, fmt.Errorf("authorize: %w", err)
	}
	if err := s.sell(ctx, o); err != nil {
		return order.PaymentNews{}, fmt.Errorf("commit reservation: %w", err)
	}
	return payment, nil
}

// sell sells the stock that is held.
func (s steps) sell(ctx context.Context, o order.Order) error {
	if len(o.StockItems()) == 0 {
		return nil
	}
	return s.peers.Inventory.Commit(ctx, o.ID())
}

// errHoldEnding is returned from leastHold before the end of the hold until holdGrace after it. In this time we cannot tell whether the
// hold still stands, so the order is tried again later.
var errHoldEnding = errors.New("the hold on stock is ending")

// hold reserves the stock. After the hold's time it reserves nothing new, but calls Commit. That succeeds if the stock was sold before,
// which happens only after the payment, or if inventory has not expired the hold yet, so that the stock is still held. Otherwise it
// fails with ErrReservationEnded, and the order is rejected.
func (s steps) hold(ctx context.Context, o order.Order) error {
	left := time.Until(o.HoldUntil())
	items := o.StockItems()
	switch {
	case len(items) == 0:
		return nil
	case left < -holdGrace:
		return s.peers.Inventory.Commit(ctx, o.ID())
	case left < leastHold:
		return errHoldEnding
	}
	// All reservations lock their SKUs in the same order, so that no two wait for each other.
	slices.SortFunc(items, func(a, b order.StockItem) int { return cmp.Compare(a.SKU, b.SKU) })
	return s.peers.Inventory.Reserve(ctx, o.ID(), items, left)
}

// beginRejection saves the decision to reject a pending order.
func (s steps) beginRejection(ctx context.Context, o order.Order, refusal order.Rejection) (order.Order, error) {
	if err := o.BeginRejection(refusal); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}

// reject releases the stock and voids the payment of an order, and then marks the order as rejected. Both calls are always made, even
// if nothing was reserved or authorized. They also make inventory and payments refuse a late Reserve or Authorize for this order, for
// example from another replica.
func (s steps) reject(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("release reservation: %w", err)
	}
	o, done, err := s.money.LetGo(ctx, o)
	if err != nil || !done {
		return o, err
	}
	if err := o.Reject(); err != nil {
		return o, err
	}
	return s.orders.Save(ctx, o)
}

// tryEmptyCart empties the cart and reports whether that succeeded. It waits for carts for at most cartTime. If that fails, the order is
// confirmed all the same, and the cart is emptied later.
func (s steps) tryEmptyCart(ctx context.Context, o order.Order) bool {
	ctx, cancel := context.WithTimeout(ctx, cartTime)
	defer cancel()
	err := s.peers.Carts.CheckOut(ctx, o)
	if err != nil {
		s.logger.WarnContext(ctx, "the cart could not be emptied yet; it is tried again", "order_id", o.ID(), "error", err)
	}
	return err == nil
}

// emptyCart takes the items of a confirmed order out of its cart.
func (s steps) emptyCart(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Carts.CheckOut(ctx, o); err != nil {
		return o, fmt.Errorf("check out cart: %w", err)
	}
	o.EmptyCart()
	return s.orders.Save(ctx, o)
}

// refusalOf returns the reason for which an error ends a checkout, or nil if the error does not decide the checkout (for example, a
// service is down). The checkout is then tried again.
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
