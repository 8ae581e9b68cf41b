package orders

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// Orders asked about in one call.
	trackBatch = 100
	// TrackEvery is how long a fulfilled order is left alone between two looks at its parcel.
	TrackEvery = 2 * time.Second
)

// TrackDeliveries asks about the parcels of all fulfilled orders, each no more often than TrackEvery among
// all replicas, and marks as delivered the orders whose parcels have arrived.
func (s *Service) TrackDeliveries(ctx context.Context) error {
	for {
		ids, err := s.store.ClaimFulfilled(ctx, trackBatch, TrackEvery)
		if err != nil || len(ids) == 0 {
			return err
		}
		arrived, err := s.peers.Shipping.Delivered(ctx, ids)
		if err != nil {
			return fmt.Errorf("track deliveries: %w", err)
		}
		for _, id := range arrived {
			if err := s.deliver(ctx, id); err != nil {
				return fmt.Errorf("deliver order %s: %w", id, err)
			}
		}
		if len(ids) < trackBatch {
			return nil
		}
	}
}

// deliver marks a fulfilled order as delivered. One that was changed meanwhile is left for the next look.
func (s *Service) deliver(ctx context.Context, id string) error {
	r, err := s.store.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.Status != StatusFulfilled {
		return nil
	}
	if r.Status, err = r.Status.to(StatusDelivered); err != nil {
		return err
	}
	_, err = s.save(ctx, r, TimelineEntry{At: now(), Event: EventDelivered})
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}
