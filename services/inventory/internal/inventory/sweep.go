package inventory

import (
	"context"
	"time"
)

// SweepEvery is the interval at which to call Sweep.
const SweepEvery = 5 * time.Second

// Sweep releases all expired reservations. Several replicas may do so at once.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n, err := s.store.Expire(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}
