// Package simulator simulates a carrier. The state of a parcel depends only on the time since it was handed over.
package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"time"

	"souk/services/shipping/internal/shipping"
)

// Simulator implements shipping.Carrier.
type Simulator struct {
	transit time.Duration
	now     func() time.Time
}

var _ shipping.Carrier = (*Simulator)(nil)

// New returns a carrier whose parcels are delivered after transit.
func New(transit time.Duration, now func() time.Time) *Simulator {
	return &Simulator{transit: transit, now: now}
}

// Book implements shipping.Carrier. The tracking number is derived from the reference, so that repeating it changes nothing.
func (s *Simulator) Book(_ context.Context, b shipping.Booking) (string, error) {
	digest := sha256.Sum256([]byte(b.Reference))
	return "SK" + base32.StdEncoding.EncodeToString(digest[:])[:12], nil
}

// Cancel implements shipping.Carrier. The simulator keeps no bookings.
func (s *Simulator) Cancel(context.Context, string) error { return nil }

// journey lists the events of every parcel, and the part of the transit time after which each happens.
var journey = []struct {
	status shipping.Status
	part   float64
	detail string
}{
	{shipping.LabelCreated, 0, "label created"},
	{shipping.InTransit, 0.25, "left the warehouse"},
	{shipping.OutForDelivery, 0.75, "out for delivery"},
	{shipping.Delivered, 1, "delivered"},
}

// Track implements shipping.Carrier.
func (s *Simulator) Track(_ context.Context, _ string, handedOverAt time.Time) (shipping.Tracking, error) {
	var known shipping.Tracking
	for _, step := range journey {
		at := handedOverAt.Add(time.Duration(step.part * float64(s.transit)))
		if at.After(s.now()) {
			known.AskAt = at
			break
		}
		known.Events = append(known.Events, shipping.Event{At: at, Status: step.status, Detail: step.detail})
	}
	return known, nil
}
