package shipping

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// FollowEvery is how often to look for parcels that the carrier is to be asked about.
	FollowEvery = time.Second
	// Parcels that are taken at once.
	followBatch = 100
	// lease is how long a parcel is left to the replica that asks about it. It is asked about again then, if that failed.
	lease = 10 * time.Second
	// longestRest is how long a parcel on its way is left alone, whatever the carrier says.
	longestRest = time.Hour
	// carrierRest is how long a parcel is left alone when the carrier cannot tell when it will know more.
	carrierRest = 10 * time.Minute
)

// Follow asks the carrier about all parcels that are due. Any number of replicas may follow at once.
func (s *Service) Follow(ctx context.Context) error {
	var failed []error
	for ctx.Err() == nil {
		due, err := s.store.ClaimDue(ctx, followBatch, lease)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, parcel := range due {
			if err := s.track(ctx, parcel); err != nil {
				failed = append(failed, fmt.Errorf("track %s: %w", parcel.TrackingNumber, err))
			}
		}
		if len(due) < followBatch {
			break
		}
	}
	return errors.Join(failed...)
}

// track stores what the carrier knows of a parcel.
func (s *Service) track(ctx context.Context, parcel Shipment) error {
	tracking, err := s.carrier.Track(ctx, parcel.TrackingNumber, parcel.CreatedAt)
	if err != nil {
		return err
	}
	return s.store.Record(ctx, parcel.ID, tracking.Events, tracking.askAt(time.Now()))
}

// askAt returns when the carrier is to be asked again.
func (t Tracking) askAt(now time.Time) time.Time {
	switch latest := now.Add(longestRest); {
	case t.AskAt.IsZero():
		return now.Add(carrierRest)
	case t.AskAt.Before(now):
		return now.Add(FollowEvery)
	case t.AskAt.After(latest):
		return latest
	default:
		return t.AskAt
	}
}

// Moved returns the shipments of orders whose parcels have moved.
func (s *Service) Moved(ctx context.Context, orderIDs []string) ([]Shipment, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.store.ByOrders(ctx, orderIDs)
}
