package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"
)

// Void lets an order's authorization go; again is no error. Without one it bars a later Authorize. A pending payment that the
// provider does not know is voided at once: Follow lets go of an authorization that shows up later.
func (s *Service) Void(ctx context.Context, orderID string) error {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return field.Invalid("order_id", notAnID)
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
	// A pending payment may be held at the provider all the same. So may a voided one: its authorization can have
	// arrived after the void, and the call that saw it may have ended before it could let it go.
	// Before the provider is asked, because its message may be here before its answer.
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

// voidAtProvider lets go what the provider holds for a payment, if anything.
func (s *Service) voidAtProvider(ctx context.Context, p Payment) error {
	_, err := retry(ctx, s.logger, func() (struct{}, error) { return struct{}{}, s.provider.Void(ctx, p) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
