package orders

import (
	"context"
	"fmt"
	"time"
)

// keepKeys is how long idempotency keys are kept; clients are promised 24 hours.
const keepKeys = 48 * time.Hour

// SweepKeys forgets the idempotency keys whose time is over. The orders stay.
func (s *Service) SweepKeys(ctx context.Context) error {
	n, err := s.store.DeleteKeys(ctx, time.Now().Add(-keepKeys))
	if err != nil {
		return fmt.Errorf("sweep idempotency keys: %w", err)
	}
	if n > 0 {
		s.logger.InfoContext(ctx, "idempotency keys forgotten", "count", n)
	}
	return nil
}
