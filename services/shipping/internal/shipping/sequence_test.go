package shipping_test

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/google/uuid"

	"souk/testkit/rapid"

	"souk/services/shipping/internal/shipping"
)

// Each step runs real transactions, so the default is few checks; -rapid.checks=1000 runs more.
func init() { _ = flag.Set("rapid.checks", "30") }

// bookings is an order with a few bookings. Its calls come repeated, late and in any order.
type bookings struct {
	ctx     context.Context
	service *shipping.Service
	carrier *strict
	order   string
	ids     []string
	open    string          // the booking that was made last
	ended   map[string]bool // by booking
	handed  shipping.Shipment
}

// In no sequence of calls is a cancelled parcel handed over, or one cancelled that was handed over.
func TestNoSequenceOfCallsCancelsAParcelThatIsHandedOver(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupStrict(t)
	rapid.Check(t, func(rt *rapid.T) {
		b := &bookings{ctx: t.Context(), service: s, carrier: carrier, order: uuid.NewString(), ended: map[string]bool{}}
		for range 3 {
			b.ids = append(b.ids, uuid.NewString())
		}
		rt.Repeat(map[string]func(*rapid.T){"book": b.book, "hand over": b.handOver, "cancel": b.cancel, "": b.check})
	})
}

func (b *bookings) pick(t *rapid.T) string { return rapid.SampledFrom(b.ids).Draw(t, "booking") }

func (b *bookings) book(t *rapid.T) {
	id, option := b.pick(t), rapid.SampledFrom([]string{"royal-standard", "royal-standard", "withdrawn"}).Draw(t, "option")
	sh, err := b.service.Book(b.ctx, id, b.order, option, leeds, 500)
	switch {
	case err == nil && b.ended[id]:
		t.Fatalf("booking %s ended and was made: %+v", id, sh)
	case err == nil && sh.Status == shipping.Booked:
		if b.open != id {
			b.ended[b.open] = true // a newer booking replaces it
		}
		b.open = id
	case errors.Is(err, shipping.ErrUnknownOption):
		b.ended[id] = true
	case err != nil && !b.ended[id]:
		t.Fatalf("book: %v", err)
	}
}

func (b *bookings) handOver(t *rapid.T) {
	id := b.pick(t)
	sh, err := b.service.HandOver(b.ctx, id, b.order)
	switch {
	case err == nil && (b.ended[id] || b.handed.ID != "" && sh.ID != b.handed.ID):
		t.Fatalf("booking %s was handed over as %+v, after %+v", id, sh, b.handed)
	case err == nil:
		b.handed = sh
	case !errors.Is(err, shipping.ErrBookingCancelled) && !errors.Is(err, shipping.ErrShipmentNotFound):
		t.Fatalf("hand over: %v", err)
	}
}

func (b *bookings) cancel(t *rapid.T) {
	id := b.pick(t)
	err := b.service.Cancel(b.ctx, id, b.order)
	switch {
	case err == nil && b.handed.ID != "" && !b.ended[id]:
		t.Fatalf("booking %s was cancelled after its parcel was handed over", id)
	case err == nil:
		b.ended[id] = true
	case b.handed.ID == "" || !errors.Is(err, shipping.ErrHandedOver):
		t.Fatalf("cancel: %v", err)
	}
}

// check compares the order's shipment with what the calls were answered.
func (b *bookings) check(t *rapid.T) {
	found, err := b.service.Shipments(b.ctx, []string{b.order})
	if err != nil || len(found) > 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if b.handed.ID == "" {
		if len(found) == 1 && (found[0].Status != shipping.Booked || b.ended[found[0].BookingID]) {
			t.Fatalf("%+v, and nothing was handed over", found)
		}
		return
	}
	if len(found) != 1 || found[0].ID != b.handed.ID || found[0].Status == shipping.Booked || b.carrier.cancelled[b.handed.TrackingNumber] {
		t.Fatalf("%+v, but %+v was handed over", found, b.handed)
	}
}
