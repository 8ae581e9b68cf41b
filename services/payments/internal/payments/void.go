package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/field"
	"souk/platform/money"
)

// Void releases the money that is held for an order. Repeating it is no error. If the order has no payment, Void prevents a later
// Authorize. A pending payment that the provider does not know is voided at once. If its authorization appears later, Follow
// releases that.
func (s *Service) Void(ctx context.Context, orderID string) error {
	var check field.Checker
	orderID = check.CheckID("order_id", orderID)
	if err := check.Err(); err != nil {
		return err
	}
	tombstone, err := newPayment(orderID, Voided, money.New(0, noCurrency), "")
	if err != nil {
		return err
	}
	p, err := s.store.Begin(ctx, tombstone, time.Time{})
	switch {
	case err != nil:
		return err
	case p.Status == Declined, p.Method == "": // nothing was ever held
		return nil
	case p.Status == Captured:
		return ErrAlreadyCaptured
	}
	// The provider is asked even if our payment is pending or voided, because it may hold money all the same. For example, the
	// authorization arrived after the void, and the call that saw this died before it could release the money.
	//
	// The wish is stored before that, because the provider's webhook may arrive before its answer.
	if err := s.store.WantVoid(ctx, p.ID); err != nil {
		return err
	}
	err = s.voidAtProvider(ctx, p)
	if errors.Is(err, ErrAlreadyCaptured) {
		s.followRefusal(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("void: %w", err)
	}
	_, err = s.settle(ctx, p, Change{To: Voided, VoidReason: VoidRequested})
	return err
}

// voidAtProvider releases the money that the provider holds for a payment, if any.
func (s *Service) voidAtProvider(ctx context.Context, p Payment) error {
	_, err := retry(ctx, s.logger, func() (struct{}, error) { return struct{}{}, s.provider.Void(ctx, p) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
