package shipping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/telemetry"
)

const (
	// FollowEvery is the interval at which to call Follow.
	FollowEvery = time.Second
	// The number of parcels claimed at a time.
	followBatch = 100
	// lease is how long a claimed parcel belongs to one replica. If asking the carrier failed, the parcel is due again after
	// that.
	lease = 10 * time.Second
	// longestRest is the maximum time between two queries about a parcel on its way, whatever the carrier says.
	longestRest = time.Hour
	// carrierRest is the time between two queries if the carrier does not say when it will know more.
	carrierRest = 10 * time.Minute
)

// Follow asks the carrier about all parcels that are due. Several replicas may do so at once.
func (s *Service) Follow(ctx context.Context) error {
	var failed []error
	for ctx.Err() == nil {
		due, err := s.store.ClaimDue(ctx, followBatch, lease)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, parcel := range due {
			ctx, end := telemetry.Resume(ctx, parcel.Trace, "ask carrier", telemetry.Order(parcel.OrderID))
			err := s.track(ctx, parcel)
			end(err)
			if err != nil {
				failed = append(failed, fmt.Errorf("track %s: %w", parcel.TrackingNumber, err))
			}
		}
		if len(due) < followBatch {
			break
		}
	}
	return errors.Join(failed...)
}

// track stores the carrier's answer about a parcel.
func (s *Service) track(ctx context.Context, parcel Shipment) error {
	tracking, err := s.carrier.Track(ctx, parcel.TrackingNumber, parcel.HandedOverAt)
	if err != nil {
		return err
	}
	return s.store.Record(ctx, parcel.ID, tracking.Events, tracking.askAt(time.Now()))
}

// askAt returns the time of the next query.
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

// Moved returns the shipments of these orders whose parcels have moved.
func (s *Service) Moved(ctx context.Context, orderIDs []string) ([]Shipment, error) {
	if len(orderIDs) == 0 {
		return nil, nil
	}
	return s.store.ByOrders(ctx, orderIDs)
}
