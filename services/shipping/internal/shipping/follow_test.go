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

// scripted is a carrier with scripted answers. It counts the queries for each parcel.
type scripted struct {
	shipping.Carrier
	mu     sync.Mutex
	answer shipping.Tracking
	err    error
	asked  map[string]int
}

func (s *scripted) Track(_ context.Context, number string, _ time.Time) (shipping.Tracking, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[number]++
	return s.answer, s.err
}

func setupScripted(t *testing.T, parcels int) (*shipping.Service, *scripted, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	carrier := &scripted{Carrier: simulator.New(time.Hour, time.Now), asked: map[string]int{}}
	s := shipping.New(postgres.New(pool), carrier, "GBP")
	for range parcels {
		if _, err := s.Ship(t.Context(), uuid.NewString(), "royal-standard", leeds, 500); err != nil {
			t.Fatal(err)
		}
	}
	return s, carrier, pool
}

// restOf returns the time until the next query about the only parcel.
func restOf(t *testing.T, pool *pgxpool.Pool) (rest time.Duration) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT ask_at - now() FROM shipments`).Scan(&rest); err != nil {
		t.Fatal(err)
	}
	return rest
}

func TestTheCarrierIsAskedAgainAtItsSuggestedTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hint  func() time.Time
		err   error
		least time.Duration
		most  time.Duration
	}{
		"in 5 minutes": {hint: func() time.Time { return time.Now().Add(5 * time.Minute) }, least: 4 * time.Minute, most: 5 * time.Minute},
		"in a week":    {hint: func() time.Time { return time.Now().Add(7 * 24 * time.Hour) }, least: 59 * time.Minute, most: time.Hour},
		"in the past":  {hint: func() time.Time { return time.Now().Add(-time.Hour) }, least: -time.Minute, most: time.Second},
		"cannot tell":  {hint: func() time.Time { return time.Time{} }, least: 9 * time.Minute, most: 10 * time.Minute},
		"is away":      {hint: time.Now, err: errors.New("away"), least: 0, most: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, carrier, pool := setupScripted(t, 1)
			carrier.answer, carrier.err = shipping.Tracking{AskAt: test.hint()}, test.err
			if err := s.Follow(t.Context()); !errors.Is(err, test.err) {
				t.Fatalf("follow: %v, want %v", err, test.err)
			}
			if rest := restOf(t, pool); rest < test.least || rest > test.most {
				t.Errorf("left alone for %s, want %s to %s", rest, test.least, test.most)
			}
		})
	}
}

func TestReplicasShareTheParcelsThatAreDue(t *testing.T) {
	t.Parallel()
	const parcels = 230 // more than two batches
	s, carrier, _ := setupScripted(t, parcels)
	var replicas sync.WaitGroup
	for range 4 {
		replicas.Go(func() {
			if err := s.Follow(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	if len(carrier.asked) != parcels {
		t.Errorf("asked about %d parcels, want %d", len(carrier.asked), parcels)
	}
	for number, n := range carrier.asked {
		if n != 1 {
			t.Errorf("asked %d times about %s", n, number)
		}
	}
}

func TestAMoveIsReportedOnce(t *testing.T) {
	t.Parallel()
	s, carrier, pool := setupScripted(t, 1)
	feed := pgfeed.New(pool, "shipments", "order_id")
	news, err := feed.Page(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	follow := func() int {
		t.Helper()
		if _, err := pool.Exec(t.Context(), `UPDATE shipments SET ask_at = now()`); err != nil {
			t.Fatal(err)
		}
		if err := s.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if news, err = feed.Page(t.Context(), news.Position, 0); err != nil || news.Reset {
			t.Fatalf("page: %+v, %v", news, err)
		}
		return len(news.Changes)
	}
	now := time.Now()
	label := shipping.Event{At: now, Status: shipping.LabelCreated}
	carrier.answer.Events = []shipping.Event{label}
	if told := follow(); told != 0 {
		t.Errorf("%d moves were reported before the parcel left", told)
	}
	carrier.answer.Events = []shipping.Event{label, {At: now, Status: shipping.InTransit}}
	if told := follow(); told != 1 {
		t.Errorf("%d moves were reported, want one", told)
	}
	// Other transactions on the server may hold back the position of the feed, so that the move is reported again.
	for deadline := time.Now().Add(10 * time.Second); follow() != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the move is reported again and again")
		}
	}
}

// A round with many parcels on their way, none of which moves, and as many that are only booked.
func TestParcelsThatDoNotMoveCostLittle(t *testing.T) {
	t.Parallel()
	const parcels = 30_000
	_, carrier, pool := setupScripted(t, 0)
	if _, err := pool.Exec(t.Context(), `INSERT INTO shipments
		(id, order_id, option_id, carrier, service, tracking_number, status, created_at, ask_at)
		SELECT gen_random_uuid(), gen_random_uuid(), 'royal-standard', 'Royal Post', 'Standard', 'SK' || i, status, now(), ask_at
		FROM generate_series(1, $1::int) i,
			(VALUES ('in_transit', now() + interval '10 minutes'), ('booked', 'infinity')) s (status, ask_at)`, parcels); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE shipments`); err != nil {
		t.Fatal(err)
	}
	round := func(single *pgxpool.Pool, position string) string {
		t.Helper()
		if err := shipping.New(postgres.New(single), carrier, "GBP").Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		news, err := pgfeed.New(single, "shipments", "order_id").Page(t.Context(), position, 0)
		if err != nil {
			t.Fatal(err)
		}
		return news.Position
	}
	position := round(pool, "")
	spent := pgtest.Measure(t, pool, func(single *pgxpool.Pool) { round(single, position) })
	t.Logf("measured: a round with %d parcels on their way and as many booked writes %d rows and reads %d blocks", parcels, spent.Rows, spent.Blocks)
	if spent.Rows != 0 || spent.Blocks > 50 || len(carrier.asked) > 0 {
		t.Errorf("%+v, and %d parcels asked about", spent, len(carrier.asked))
	}
}

func TestAParcelIsDueFromTheMomentItIsHandedOver(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]string{
		"handed over, never asked about": `handed_over_at = now() - interval '1 hour', created_at = now() - interval '9 hours'`,
		"by the version before":          `handed_over_at = NULL, created_at = now() - interval '1 hour'`,
		"asked about before":             `ask_at = now() - interval '1 hour', created_at = now() - interval '9 hours'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, pool := setupScripted(t, 1)
			if _, err := pool.Exec(t.Context(), `UPDATE shipments SET `+set); err != nil {
				t.Fatal(err)
			}
			var waiting int
			var oldest *time.Time
			if err := pool.QueryRow(t.Context(), postgres.DueParcels.SQL).Scan(&waiting, &oldest); err != nil {
				t.Fatal(err)
			}
			if waiting != 1 || oldest == nil || time.Since(*oldest).Round(time.Minute) != time.Hour {
				t.Errorf("%d are due, the oldest since %v; want one for an hour", waiting, oldest)
			}
		})
	}
}
