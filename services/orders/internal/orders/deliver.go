package orders

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// Orders asked about in one call.
	trackBatch = 100
	// TrackEvery is how long a fulfilled order is left alone between two looks at its parcel.
	TrackEvery = 2 * time.Second
)

// Tracked is a fulfilled order with the number of its parcel's moves that are in its timeline.
type Tracked struct {
	ID    string
	Moves int
}

// TrackDeliveries asks about the parcels of all fulfilled orders, each no more often than TrackEvery among all replicas. It
// writes their moves into the timelines, and marks as delivered the orders whose parcels have arrived.
func (s *Service) TrackDeliveries(ctx context.Context) error {
	for {
		claimed, err := s.store.ClaimFulfilled(ctx, trackBatch, TrackEvery)
		if err != nil || len(claimed) == 0 {
			return err
		}
		if err := s.track(ctx, claimed); err != nil {
			return err
		}
		if len(claimed) < trackBatch {
			return nil
		}
	}
}

// track asks about the parcels of these orders.
func (s *Service) track(ctx context.Context, claimed []Tracked) error {
	ids := make([]string, len(claimed))
	for i, order := range claimed {
		ids[i] = order.ID
	}
	moves, err := s.peers.Shipping.Moves(ctx, ids)
	if err != nil {
		return fmt.Errorf("track deliveries: %w", err)
	}
	for _, order := range claimed {
		if len(moves[order.ID]) <= order.Moves {
			continue
		}
		if err := s.recordMoves(ctx, order.ID, moves[order.ID]); err != nil {
			return fmt.Errorf("record the moves of order %s: %w", order.ID, err)
		}
	}
	return nil
}

// recordMoves writes the moves of a fulfilled order's parcel that are new into its timeline. The last of them may be its
// delivery. An order that was changed meanwhile is left for the next look.
func (s *Service) recordMoves(ctx context.Context, id string, moves []Event) error {
	r, err := s.store.Get(ctx, id)
	if err != nil {
		return err
	}
	if r.Status != StatusFulfilled {
		return nil
	}
	var entries []TimelineEntry
	at := now()
	for _, move := range moves {
		known := slices.ContainsFunc(r.Timeline, func(e TimelineEntry) bool { return e.Event == move })
		if known {
			continue
		}
		entries = append(entries, TimelineEntry{At: at, Event: move})
		if move == EventDelivered {
			if r.Status, err = r.Status.to(StatusDelivered); err != nil {
				return err
			}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	_, err = s.save(ctx, r, entries...)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}
