package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/identifier"
)

// Capture takes the whole amount of an order's authorization. Repeating it is no error. It is stored that the capture was asked for
// before the provider is asked, because the provider's webhook may arrive before its answer.
func (s *Service) Capture(ctx context.Context, orderID string) (Payment, error) {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return Payment{}, ErrNotFound
	}
	p, err := s.store.WantCapture(ctx, orderID)
	if err != nil {
		return Payment{}, err
	}
	switch p.Status {
	case Captured:
		return p, nil
	case Authorized:
	default:
		return Payment{}, ErrNotAuthorized
	}
	askAt, err := retry(ctx, s.logger, func() (time.Time, error) { return s.provider.Capture(ctx, p) })
	switch {
	case errors.Is(err, ErrNotAuthorized):
		return s.captureRefused(ctx, p)
	case err != nil:
		return Payment{}, fmt.Errorf("capture: %w", err)
	}
	return s.settle(ctx, p, Change{To: Captured, AskAt: askAt})
}

// captureRefused answers a capture that the provider has refused. It returns the payment if that was captured meanwhile, for example
// in the provider's dashboard, or in part. Otherwise the authorization has ended, and it returns ErrNotAuthorized.
func (s *Service) captureRefused(ctx context.Context, p Payment) (Payment, error) {
	p, err := s.refresh(ctx, p)
	switch {
	case err != nil:
		return Payment{}, fmt.Errorf("capture: %w", err)
	case p.Status != Captured:
		return Payment{}, ErrNotAuthorized
	default:
		return p, nil
	}
}
