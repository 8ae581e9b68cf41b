package orders_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/postgres"
)

var wholeWay = []order.Event{order.EventInTransit, order.EventOutForDelivery, order.EventDelivered}

// mustDispatch places an order and hands its parcel to the carrier.
func (s *shop) mustDispatch(t *testing.T, key string) order.View {
	t.Helper()
	s.world.mu.Lock()
	s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
	s.world.mu.Unlock()
	o, err := s.DispatchOrder(t.Context(), staff, s.mustPlace(t, buy(key, visa)).ID)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// fed has the feed tell these pages, the first one after the position "0".
func (s *shop) fed(t *testing.T, pages ...[]parcels.Parcel) {
	t.Helper()
	s.exec(t, "UPDATE parcel_feed SET position = '0'")
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.Shipping.Feed = func(position string) parcels.News {
		var n int
		if _, err := fmt.Sscan(position, &n); err != nil {
			return parcels.News{Position: "0", Reset: true}
		}
		if n >= len(pages) {
			return parcels.News{Position: position}
		}
		return parcels.News{Changes: pages[n], Position: fmt.Sprint(n + 1), More: n+1 < len(pages)}
	}
}

func (s *shop) mustFollow(t *testing.T) {
	t.Helper()
	if err := s.FollowParcels(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) position(t *testing.T) string {
	t.Helper()
	position, err := s.store.ParcelPosition(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func (s *shop) pending(t *testing.T) []parcels.Parcel {
	t.Helper()
	pending, err := s.store.PendingMoves(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

// movesOf returns the moves in an order's timeline.
func (s *shop) movesOf(t *testing.T, id string) (moves []order.Event) {
	t.Helper()
	for _, entry := range s.mustGet(t, id).Timeline {
		if slices.Contains(wholeWay, entry.Event) {
			moves = append(moves, entry.Event)
		}
	}
	return moves
}

func TestMovesAreWrittenPageByPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, second := s.mustDispatch(t, "1"), s.mustDispatch(t, "2")
	s.fed(t,
		[]parcels.Parcel{{OrderID: first.ID, Moves: wholeWay[:1]}, {OrderID: uuid.NewString(), Moves: wholeWay}},
		// Told again, and late.
		[]parcels.Parcel{{OrderID: first.ID, Moves: wholeWay[:1]}, {OrderID: second.ID, Moves: wholeWay}},
	)
	s.mustFollow(t)
	if moves := s.movesOf(t, first.ID); !slices.Equal(moves, wholeWay[:1]) {
		t.Errorf("first: %q", moves)
	}
	if moves := s.movesOf(t, second.ID); !slices.Equal(moves, wholeWay) || s.mustGet(t, second.ID).Status != order.StatusDelivered {
		t.Errorf("second: %q", moves)
	}
	if at := s.position(t); at != "2" || len(s.pending(t)) > 0 {
		t.Errorf("position %q, pending %v", at, s.pending(t))
	}
}

// The process dies at each point of a round, and another one goes on.
func TestARoundKilledAnywhereWritesEachMoveOnce(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	round := func(s *shop) func(context.Context) {
		return func(ctx context.Context) { _ = s.FollowParcels(ctx) }
	}
	prepare := func(key string) (s *shop, ids []string) {
		s = shopOn(t, base.pool, base.settings)
		var page []parcels.Parcel
		for _, n := range []string{" 1", " 2"} {
			id := s.mustDispatch(t, key+n).ID
			ids, page = append(ids, id), append(page, parcels.Parcel{OrderID: id, Moves: wholeWay})
		}
		s.fed(t, page)
		return s, ids
	}
	whole, _ := prepare("whole")
	points := whole.points(t, round(whole))
	if len(points) != 8 { // before and after each of: a page, two orders, the position
		t.Fatalf("points %q, want 8", points)
	}
	for i := range points {
		s, ids := prepare(fmt.Sprint(i))
		seen := 0
		s.killed(t, func(string) bool { seen++; return seen == i+1 }, round(s))
		s.mustFollow(t)
		for _, id := range ids {
			if moves := s.movesOf(t, id); !slices.Equal(moves, wholeWay) {
				t.Errorf("killed at %q (%d): %q", points[i], i, moves)
			}
		}
	}
}

func TestReplicasFollowAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var pages [][]parcels.Parcel
	var ids []string
	for n := range 6 {
		id := s.mustDispatch(t, fmt.Sprint(n)).ID
		ids = append(ids, id)
		for moved := range wholeWay {
			pages = append(pages, []parcels.Parcel{{OrderID: id, Moves: wholeWay[:moved+1]}})
		}
	}
	s.fed(t, pages...)
	other := shopOn(t, s.pool, s.settings)
	other.fed(t, pages...)
	var both sync.WaitGroup
	for _, replica := range []*shop{s, other} {
		both.Go(func() { replica.mustFollow(t) })
	}
	both.Wait()
	s.mustFollow(t)
	for _, id := range ids {
		if moves := s.movesOf(t, id); !slices.Equal(moves, wholeWay) {
			t.Errorf("%q", moves)
		}
	}
}

func TestAParcelMayMoveBeforeItsOrderIsFulfilled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustConfirm(t)
	ready := s.mustDispatch(t, "ready")
	// The carrier has the parcel, and the order does not know.
	s.world.failing("after hand over")
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err == nil {
		t.Fatal("dispatched")
	}
	s.fed(t, []parcels.Parcel{{OrderID: o.ID, Moves: wholeWay}, {OrderID: ready.ID, Moves: wholeWay}})
	s.mustFollow(t)
	s.mustFollow(t)
	if moves := s.movesOf(t, ready.ID); !slices.Equal(moves, wholeWay) {
		t.Errorf("the other order waits: %q", moves)
	}
	if pending := s.pending(t); len(pending) != 1 || pending[0].OrderID != o.ID || !slices.Equal(pending[0].Moves, wholeWay) || s.position(t) != "1" {
		t.Fatalf("pending %v at %q", pending, s.position(t))
	}
	s.world.setHook(nil)
	if err := s.Advance(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	s.mustFollow(t)
	if moves := s.movesOf(t, o.ID); !slices.Equal(moves, wholeWay) || len(s.pending(t)) > 0 {
		t.Errorf("moves %q, pending %v", moves, s.pending(t))
	}
}

func TestAnOrderThatCannotBeSavedHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	bad, good := s.mustDispatch(t, "bad"), s.mustDispatch(t, "good")
	s.fed(t, []parcels.Parcel{{OrderID: bad.ID, Moves: wholeWay}, {OrderID: good.ID, Moves: wholeWay}})
	failed := false
	s.world.setHook(func(_ context.Context, point string) error {
		if point == "before save" && !failed {
			failed = true
			return errAway
		}
		return nil
	})
	s.mustFollow(t)
	if moves := s.movesOf(t, good.ID); !slices.Equal(moves, wholeWay) || len(s.pending(t)) != 1 {
		t.Errorf("%q, pending %v", moves, s.pending(t))
	}
	s.mustFollow(t)
	if moves := s.movesOf(t, bad.ID); !slices.Equal(moves, wholeWay) || len(s.pending(t)) > 0 {
		t.Errorf("%q, pending %v", moves, s.pending(t))
	}
}

// Shipping does not know the position: at first, or after its database was restored.
func TestAnUnknownPositionHasAllParcelsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	between := s.mustConfirm(t)
	moved, still := s.mustDispatch(t, "moved"), s.mustDispatch(t, "still")
	s.world.failing("after hand over")
	if _, err := s.DispatchOrder(t.Context(), staff, between.ID); err == nil {
		t.Fatal("dispatched")
	}
	s.world.setHook(nil)
	s.fed(t)
	s.exec(t, "UPDATE parcel_feed SET position = 'of another database'")
	s.world.move(moved.ID, wholeWay[:2]...)
	s.world.move(between.ID, wholeWay[:1]...)
	s.mustFollow(t)
	if moves := s.movesOf(t, moved.ID); !slices.Equal(moves, wholeWay[:2]) {
		t.Errorf("moved: %q", moves)
	}
	if pending := s.pending(t); len(pending) != 1 || pending[0].OrderID != between.ID {
		t.Errorf("pending %v, want the order whose dispatch is not saved", pending)
	}
	if moves := s.movesOf(t, still.ID); len(moves) > 0 || s.position(t) != "0" {
		t.Errorf("%q at %q", moves, s.position(t))
	}
	s.world.calls = nil
	s.mustFollow(t)
	if slices.Contains(s.world.calls, "list shipments") {
		t.Errorf("asked again: %q", s.world.calls)
	}
}

const copyOrder = `
INSERT INTO orders
SELECT (json_populate_record(orders, json_build_object('id', gen_random_uuid(), 'number', 'N' || i))).*
FROM orders, generate_series(1, $1::int) i WHERE id = $2`

// A round with many parcels on their way, of which none moves.
func TestOrdersWhoseParcelsRestCostNothing(t *testing.T) {
	t.Parallel()
	const parcels = 30_000
	s := newShop(t)
	s.exec(t, copyOrder, parcels, s.mustDispatch(t, "copied").ID)
	s.exec(t, "VACUUM ANALYZE orders")
	s.fed(t)
	round := func(single *pgxpool.Pool) {
		t.Helper()
		replica := orders.New(postgres.New(single, s.settings.DueAfter()), s.world.Peers(s.world.carry), s.settings, slog.New(slog.DiscardHandler))
		if err := replica.FollowParcels(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.world.calls = nil
	spent := pgtest.Measure(t, s.pool, round)
	t.Logf("measured: a round with %d parcels on their way writes %d rows, reads %d blocks, and makes %d calls", parcels, spent.Rows, spent.Blocks, len(s.world.calls))
	if spent.Rows != 0 || spent.Blocks > 20 || len(s.world.calls) != 1 {
		t.Errorf("%+v, calls %q", spent, s.world.calls)
	}
}
