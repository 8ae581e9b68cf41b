package shipping_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgfeed"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
	"souk/services/shipping/internal/simulator"
)

// strict is a carrier that knows which bookings were given back to it.
type strict struct {
	shipping.Carrier
	mu        sync.Mutex
	cancelled map[string]bool // by tracking number
	// booking, unless it is nil, runs while the carrier books.
	booking func()
}

func (s *strict) Book(ctx context.Context, b shipping.Booking) (string, error) {
	if s.booking != nil {
		s.booking()
	}
	return s.Carrier.Book(ctx, b)
}

func (s *strict) Cancel(_ context.Context, number string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelled[number] = true
	return nil
}

func setupStrict(t *testing.T) (*shipping.Service, *strict, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	carrier := &strict{Carrier: simulator.New(time.Hour, time.Now), cancelled: map[string]bool{}}
	return shipping.New(postgres.New(pool), carrier, "GBP"), carrier, pool
}

func book(ctx context.Context, s *shipping.Service, bookingID, orderID string) (shipping.Shipment, error) {
	return s.Book(ctx, bookingID, orderID, "royal-standard", leeds, 500)
}

func mustBook(t *testing.T, s *shipping.Service, bookingID, orderID string) shipping.Shipment {
	t.Helper()
	sh, err := book(t.Context(), s, bookingID, orderID)
	if err != nil || sh.Status != shipping.Booked || sh.BookingID != bookingID {
		t.Fatalf("book: %+v, %v", sh, err)
	}
	return sh
}

func TestABookedParcelRestsUntilItIsHandedOver(t *testing.T) {
	t.Parallel()
	s, carrier, pool := setupScripted(t, 0)
	order, booking := uuid.NewString(), uuid.NewString()
	booked := mustBook(t, s, booking, order)
	if again := mustBook(t, s, booking, order); again.ID != booked.ID {
		t.Errorf("booked again: %+v", again)
	}
	feed := pgfeed.New(pool, "shipments", "order_id")
	begin, err := feed.Page(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(t.Context()); err != nil || len(carrier.asked) > 0 {
		t.Errorf("the carrier was asked about a booked parcel: %v, %v", carrier.asked, err)
	}
	for range 2 {
		handed, err := s.HandOver(t.Context(), booking, order)
		if err != nil || handed.ID != booked.ID || handed.Status != shipping.LabelCreated || len(handed.Events) != 1 {
			t.Fatalf("handed over: %+v, %v", handed, err)
		}
	}
	news, err := feed.Page(t.Context(), begin.Position, 0)
	if err != nil || len(news.Changes) > 0 {
		t.Errorf("handing over was told as a move: %+v, %v", news, err)
	}
	if err := s.Follow(t.Context()); err != nil || carrier.asked[booked.TrackingNumber] != 1 {
		t.Errorf("asked %v, %v; want once", carrier.asked, err)
	}
}

func TestTheJourneyBeginsWhenTheParcelIsHandedOver(t *testing.T) {
	t.Parallel()
	s, _, pool := setupStrict(t)
	order, booking := uuid.NewString(), uuid.NewString()
	mustBook(t, s, booking, order)
	if _, err := pool.Exec(t.Context(), `UPDATE shipments SET created_at = now() - interval '1 day'`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.HandOver(t.Context(), booking, order); err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := s.Shipments(t.Context(), []string{order})
	if err != nil || len(found) != 1 || found[0].Status != shipping.LabelCreated || time.Since(found[0].Events[0].At) > time.Minute {
		t.Errorf("%+v, %v; want a parcel that has just been handed over", found, err)
	}
}

func TestACancelledBookingStaysCancelled(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupStrict(t)
	order, first, second := uuid.NewString(), uuid.NewString(), uuid.NewString()
	booked := mustBook(t, s, first, order)
	for range 2 {
		if err := s.Cancel(t.Context(), first, order); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := s.Shipments(t.Context(), []string{order}); err != nil || len(found) != 0 || !carrier.cancelled[booked.TrackingNumber] {
		t.Errorf("after the cancellation: %v, %v; given back %v", found, err, carrier.cancelled)
	}
	anew := mustBook(t, s, second, order)
	if anew.TrackingNumber == booked.TrackingNumber {
		t.Errorf("the new booking has the tracking number of the cancelled one, %s", anew.TrackingNumber)
	}
	// Late calls with the first id.
	if err := s.Cancel(t.Context(), first, order); err != nil {
		t.Errorf("cancel late: %v", err)
	}
	if _, err := book(t.Context(), s, first, order); !errors.Is(err, shipping.ErrBookingCancelled) {
		t.Errorf("book late: %v", err)
	}
	if _, err := s.HandOver(t.Context(), first, order); !errors.Is(err, shipping.ErrBookingCancelled) {
		t.Errorf("hand over late: %v", err)
	}
	if handed, err := s.HandOver(t.Context(), second, order); err != nil || handed.ID != anew.ID {
		t.Errorf("hand over: %+v, %v", handed, err)
	}
	if err := s.Cancel(t.Context(), second, order); !errors.Is(err, shipping.ErrHandedOver) {
		t.Errorf("cancel what was handed over: %v", err)
	}
}

func TestACancellationBeforeItsBookingCounts(t *testing.T) {
	t.Parallel()
	s, _, _ := setupStrict(t)
	order, booking := uuid.NewString(), uuid.NewString()
	if err := s.Cancel(t.Context(), booking, order); err != nil {
		t.Fatal(err)
	}
	if _, err := book(t.Context(), s, booking, order); !errors.Is(err, shipping.ErrBookingCancelled) {
		t.Errorf("book: %v", err)
	}
	if _, err := s.HandOver(t.Context(), uuid.NewString(), order); !errors.Is(err, shipping.ErrShipmentNotFound) {
		t.Errorf("hand over a booking that was never made: %v", err)
	}
}

func TestABookingThatEndsWhileTheCarrierBooksIsGivenBack(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupStrict(t)
	for name, ends := range map[string]struct {
		end  func(booking, order string) error
		want error
	}{
		"cancelled": {func(booking, order string) error { return s.Cancel(t.Context(), booking, order) }, shipping.ErrBookingCancelled},
		"refused": {func(booking, order string) error {
			if _, err := s.Book(t.Context(), booking, order, "withdrawn", leeds, 500); !errors.Is(err, shipping.ErrUnknownOption) {
				return err
			}
			return nil
		}, shipping.ErrUnknownOption},
		"shipped by the version before": {func(_, order string) error {
			carrier.booking = nil
			_, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500)
			return err
		}, nil},
	} {
		order, booking := uuid.NewString(), uuid.NewString()
		var ended error
		carrier.booking = func() { ended = ends.end(booking, order) }
		_, err := book(t.Context(), s, booking, order)
		carrier.booking = nil
		number, _ := carrier.Book(t.Context(), shipping.Booking{Reference: booking})
		if ended != nil || !errors.Is(err, ends.want) || !carrier.cancelled[number] {
			t.Errorf("%s: %v, then book: %v; given back: %v", name, ended, err, carrier.cancelled[number])
		}
	}
}

// Two callers work on one booking. The option is withdrawn before one of them asks, and is back before the other does.
func TestARefusalEndsItsBooking(t *testing.T) {
	t.Parallel()
	s, _, _ := setupStrict(t)
	order, booking := uuid.NewString(), uuid.NewString()
	if _, err := s.Book(t.Context(), booking, order, "withdrawn", leeds, 500); !errors.Is(err, shipping.ErrUnknownOption) {
		t.Fatalf("book: %v", err)
	}
	if _, err := book(t.Context(), s, booking, order); !errors.Is(err, shipping.ErrUnknownOption) {
		t.Errorf("again, with the option: %v, want the same answer", err)
	}
	if _, err := s.HandOver(t.Context(), booking, order); !errors.Is(err, shipping.ErrBookingCancelled) {
		t.Errorf("hand over: %v", err)
	}
	next := uuid.NewString()
	mustBook(t, s, next, order)
	if sh, err := s.Book(t.Context(), next, order, "withdrawn", leeds, 500); err != nil || sh.Status != shipping.Booked {
		t.Errorf("a booking whose option was withdrawn afterwards: %+v, %v", sh, err)
	}
}

func TestANewerBookingReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupStrict(t)
	order, older, newer := uuid.NewString(), uuid.NewString(), uuid.NewString()
	first := mustBook(t, s, older, order)
	mustBook(t, s, newer, order)
	if !carrier.cancelled[first.TrackingNumber] {
		t.Error("the carrier still has the older booking")
	}
	if _, err := book(t.Context(), s, older, order); !errors.Is(err, shipping.ErrBookingCancelled) {
		t.Errorf("book the older one late: %v", err)
	}
	if _, err := s.HandOver(t.Context(), newer, order); err != nil {
		t.Errorf("hand over the newer one: %v", err)
	}
}

// What instances of orders of the version before call.
func TestAShipmentWithoutABookingIsHandedOver(t *testing.T) {
	t.Parallel()
	s, _, _ := setupStrict(t)
	booked, fresh := uuid.NewString(), uuid.NewString()
	booking := mustBook(t, s, uuid.NewString(), booked)
	for _, order := range []string{booked, fresh} {
		sh, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500)
		if err != nil || sh.Status != shipping.LabelCreated || order == booked && sh.ID != booking.ID {
			t.Errorf("shipped %+v, %v", sh, err)
		}
		// This version goes on with the order.
		id := uuid.NewString()
		if again, err := book(t.Context(), s, id, order); err != nil || again.ID != sh.ID {
			t.Errorf("booked %+v, %v", again, err)
		}
		if again, err := s.HandOver(t.Context(), id, order); err != nil || again.ID != sh.ID {
			t.Errorf("handed over %+v, %v", again, err)
		}
	}
}

func TestABookingIsEitherHandedOverOrCancelled(t *testing.T) {
	t.Parallel()
	s, carrier, _ := setupStrict(t)
	for range 30 {
		order, booking := uuid.NewString(), uuid.NewString()
		booked := mustBook(t, s, booking, order)
		var handing, canceling error
		var both sync.WaitGroup
		both.Go(func() { _, handing = s.HandOver(t.Context(), booking, order) })
		both.Go(func() { canceling = s.Cancel(t.Context(), booking, order) })
		both.Wait()
		switch {
		case handing == nil && errors.Is(canceling, shipping.ErrHandedOver) && !carrier.cancelled[booked.TrackingNumber]:
		case canceling == nil && errors.Is(handing, shipping.ErrBookingCancelled) && carrier.cancelled[booked.TrackingNumber]:
		default:
			t.Errorf("handed over: %v; cancelled: %v", handing, canceling)
		}
	}
}
