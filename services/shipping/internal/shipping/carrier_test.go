package shipping_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/postal"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
	"souk/services/shipping/internal/simulator"
)

var errLost = errors.New("the carrier lost it")

// flawed is a carrier that counts its bookings and has lost one parcel.
type flawed struct {
	shipping.Carrier
	booked atomic.Int64
	lost   atomic.Value
}

func (f *flawed) Book(ctx context.Context, b shipping.Booking) (string, error) {
	f.booked.Add(1)
	return f.Carrier.Book(ctx, b)
}

func (f *flawed) Track(ctx context.Context, number string, bookedAt time.Time) (shipping.Tracking, error) {
	if number == f.lost.Load() {
		return shipping.Tracking{}, errLost
	}
	return f.Carrier.Track(ctx, number, bookedAt)
}

func setupFlawed(t *testing.T) (*shipping.Service, *flawed, *postgres.Store) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	carrier := &flawed{Carrier: simulator.New(time.Millisecond, time.Now)}
	store := postgres.New(pool)
	return shipping.New(store, carrier, "GBP"), carrier, store
}

func TestAShippedOrderIsNotBookedAgain(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupFlawed(t)
	order := uuid.NewString()
	first, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500)
	if err != nil {
		t.Fatal(err)
	}
	// Shipping again works even if the option no longer exists.
	again, err := s.Ship(t.Context(), order, "withdrawn", leeds, 500)
	if err != nil || again.ID != first.ID || again.Service != first.Service {
		t.Errorf("again: %+v, %v; want %+v", again, err, first)
	}
	if n := carrier.booked.Load(); n != 1 {
		t.Errorf("booked %d times, want once", n)
	}
}

func TestAnUntraceableParcelDoesNotDelayOthers(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupFlawed(t)
	orders := make([]string, 20)
	for i := range orders {
		orders[i] = uuid.NewString()
		sh, err := s.Ship(t.Context(), orders[i], "royal-standard", leeds, 500)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			carrier.lost.Store(sh.TrackingNumber)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	var reported atomic.Bool
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := s.Follow(ctx); errors.Is(err, errLost) {
				reported.Store(true)
			}
		}
	})
	for delivered := 0; delivered < len(orders)-1 || !reported.Load(); {
		shipments, err := s.Shipments(ctx, orders)
		if err != nil {
			t.Fatalf("%d of %d parcels were delivered in time: %v", delivered, len(orders)-1, err)
		}
		delivered = 0
		for _, sh := range shipments {
			if sh.Status == shipping.Delivered {
				delivered++
			}
		}
	}
}

func TestConcurrentFollowsRecordEachEventOnce(t *testing.T) {
	t.Parallel()
	s, _, store := setupFlawed(t)
	order := uuid.NewString()
	sh, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500)
	if err != nil {
		t.Fatal(err)
	}
	known, err := simulator.New(time.Millisecond, func() time.Time { return time.Now().Add(time.Hour) }).Track(t.Context(), sh.TrackingNumber, sh.CreatedAt)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range known.Events {
		for range 5 {
			wg.Go(func() {
				if err := store.Record(t.Context(), sh.ID, known.Events[:n+1], time.Time{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	found, err := s.Shipments(t.Context(), []string{order})
	if err != nil || len(found) != 1 || len(found[0].Events) != 4 || found[0].Status != shipping.Delivered {
		t.Errorf("shipments = %+v, %v; want one, delivered, with each event once", found, err)
	}
	if due, err := store.ClaimDue(t.Context(), 10, time.Minute); err != nil || len(due) != 0 {
		t.Errorf("still to be asked about: %v, %v", due, err)
	}
}

func TestEveryCountryHasAnOption(t *testing.T) {
	t.Parallel()
	s, _, _ := setupFlawed(t)
	countries := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			if !postal.ValidCountry(code) {
				continue
			}
			countries++
			options, err := s.Quote(t.Context(), shipping.Destination{Country: code, PostalCode: postal.ExampleCode(code)}, 500, "GBP")
			if err != nil || len(options) == 0 {
				t.Errorf("%s: %d options, %v", code, len(options), err)
			}
		}
	}
	if countries < 240 {
		t.Errorf("only %d countries", countries)
	}
}

func TestOrderIDsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	s, _, _ := setupFlawed(t)
	order := uuid.NewString()
	for _, id := range []string{"", "7", "urn:uuid:" + order, "{" + order + "}", "\x00" + order + "\x00"} {
		_, err := s.Ship(t.Context(), id, "royal-standard", leeds, 500)
		var invalid *field.Error
		if !errors.As(err, &invalid) || invalid.Violations[0].Field != "order_id" {
			t.Errorf("ship %q: %v, want a violation of order_id", id, err)
		}
		if found, err := s.Shipments(t.Context(), []string{id}); err != nil || len(found) != 0 {
			t.Errorf("shipments of %q: %v, %v; want none", id, found, err)
		}
	}
}
