package orders

import (
	"context"
	"fmt"

	"souk/services/orders/internal/order"
)

// beginRejection saves the decision to reject a pending order.
func (s *Service) beginRejection(ctx context.Context, o order.Order, refusal order.Rejection) (order.Order, error) {
	if err := o.BeginRejection(refusal); err != nil {
		return o, err
	}
	return s.store.Save(ctx, o)
}

// reject gives goods and money of the order back and then marks it rejected. Both calls are made whatever the reason for the rejection
// is, because they also refuse anybody who is late and still tries to reserve or to authorize.
func (s *Service) reject(ctx context.Context, o order.Order) (order.Order, error) {
	if err := s.peers.Inventory.Release(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("release reservation: %w", err)
	}
	if err := s.peers.Payments.Void(ctx, o.ID()); err != nil {
		return o, fmt.Errorf("void payment: %w", err)
	}
	if err := o.Reject(); err != nil {
		return o, err
	}
	return s.store.Save(ctx, o)
}
