package payments

import (
	"context"
	"fmt"

	"souk/platform/field"
	"souk/platform/identifier"
)

// The maximum number of orders in one request.
const maxDetails = 100

// Payment returns the payment of an order, or ErrNotFound.
func (s *Service) Payment(ctx context.Context, orderID string) (Payment, error) {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return Payment{}, ErrNotFound
	}
	return s.store.Find(ctx, orderID)
}

// Details returns the payments of up to 100 orders, each with its refunds. Orders without a payment are left out.
func (s *Service) Details(ctx context.Context, orderIDs []string) ([]Detail, error) {
	if len(orderIDs) > maxDetails {
		return nil, field.Invalid("order_ids", fmt.Sprintf("must have at most %d items", maxDetails))
	}
	return s.details(ctx, orderIDs)
}

// Changed returns the payments of orders from the feed of changes, with no limit on their number.
func (s *Service) Changed(ctx context.Context, orderIDs []string) ([]Detail, error) {
	return s.details(ctx, orderIDs)
}

func (s *Service) details(ctx context.Context, orderIDs []string) ([]Detail, error) {
	asked := make([]string, 0, len(orderIDs))
	for _, id := range orderIDs {
		if id, ok := identifier.Canonical(id); ok {
			asked = append(asked, id)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	return s.store.Details(ctx, asked)
}

// Detail returns the payment of an order with its refunds, or ErrNotFound.
func (s *Service) Detail(ctx context.Context, orderID string) (Detail, error) {
	found, err := s.details(ctx, []string{orderID})
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Detail{}, err
	}
	return found[0], nil
}
