package inventory

import (
	"context"
	"time"
)

// SweepEvery is how often expired reservations are to be swept.
const SweepEvery = 5 * time.Second

// Sweep releases every reservation that has expired. Any number of replicas may sweep at once.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n, err := s.store.Expire(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}
