package orders_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// died is what a process panics with when it is killed.
type died struct{ at string }

// killed runs work as a process that is killed at the first point that at picks, and returns that point:
// "" if it survived.
func (s *shop) killed(t *testing.T, at func(point string) bool, work func(ctx context.Context)) (point string) {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	dead := false
	s.world.setHook(func(_ context.Context, point string) error {
		if !dead && !at(point) {
			return nil
		}
		dead = true
		kill()
		panic(died{point})
	})
	defer s.world.setHook(nil)
	defer func() {
		p := recover()
		if d, ok := p.(died); ok {
			point = d.at
		} else if p != nil {
			panic(p)
		}
	}()
	work(ctx)
	return ""
}

// points returns every point of a work that survives.
func (s *shop) points(t *testing.T, work func(ctx context.Context)) []string {
	t.Helper()
	var points []string
	s.killed(t, func(point string) bool { points = append(points, point); return false }, work)
	return points
}

var outcomes = map[string]struct {
	method string
	mugs   int64
	want   order.Status
}{
	"confirmed": {visa, 10, order.StatusConfirmed},
	"declined":  {declined, 10, order.StatusRejected},
	"short":     {visa, 2, order.StatusRejected},
}

// mustRecover does what happens after a crash: the order is finished, and the client tries again with its key. However
// far the crash let it come, there is one order, at its end, and one answer.
func (s *shop) mustRecover(t *testing.T, name string, req checkout.PlaceRequest, want order.Status) {
	t.Helper()
	for _, id := range s.ids(t, req.CustomerID) {
		if err := s.Advance(t.Context(), id); err != nil {
			t.Fatalf("%s: advance: %v", name, err)
		}
	}
	first, err := s.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatalf("%s: again: %v", name, err)
	}
	second, err := s.PlaceOrder(t.Context(), req)
	if err != nil || !second.Replayed || !reflect.DeepEqual(second.Order, first.Order) || second.RequestID != first.RequestID {
		t.Errorf("%s: the key was answered with %+v, then %+v, %v", name, first, second, err)
	}
	ids := s.ids(t, req.CustomerID)
	if len(ids) != 1 || first.Order.ID != ids[0] || first.Order.Status != want {
		t.Fatalf("%s: orders %v, answer %s %s, want one that is %s", name, ids, first.Order.ID, first.Order.Status, want)
	}
	saved := s.mustGet(t, ids[0])
	if !reflect.DeepEqual(saved, first.Order) {
		t.Errorf("%s: saved %+v, answered %+v", name, saved, first.Order)
	}
	s.world.mustAgreeWith(t, saved)
	if s.isDue(t, ids[0]) {
		t.Errorf("%s: the order is still due", name)
	}
}

// newcomer is a process with a world of its own and a customer nobody else has.
func newcomer(t *testing.T, pool *pgxpool.Pool, settings orders.Settings, n int, method string, mugs int64) (*shop, checkout.PlaceRequest) {
	t.Helper()
	s := shopOn(t, pool, settings)
	s.world.Inventory.SetLeft("MUG", mugs)
	req := buy("key", method)
	req.CustomerID = fmt.Sprintf("customer-%d", n)
	return s, req
}

func TestACheckoutKilledAnywhereIsFinished(t *testing.T) {
	t.Parallel()
	for name, outcome := range outcomes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := newShop(t)
			place := func(s *shop, req checkout.PlaceRequest) func(context.Context) {
				return func(ctx context.Context) { _, _ = s.PlaceOrder(ctx, req) }
			}
			whole, req := newcomer(t, base.pool, base.settings, 0, outcome.method, outcome.mugs)
			points := whole.points(t, place(whole, req))
			if len(points) < 14 {
				t.Fatalf("only %d points: %v", len(points), points)
			}
			for i, point := range points {
				s, req := newcomer(t, base.pool, base.settings, i+1, outcome.method, outcome.mugs)
				if at := s.killed(t, func(p string) bool { return p == point }, place(s, req)); at != point {
					t.Fatalf("killed at %q, want %q", at, point)
				}
				s.mustRecover(t, point, req, outcome.want)
			}
		})
	}
}

func TestACheckoutKilledAgainAndAgainIsFinished(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	for seed := range 90 {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		name := []string{"confirmed", "declined", "short"}[seed%3]
		outcome := outcomes[name]
		s, req := newcomer(t, base.pool, base.settings, seed, outcome.method, outcome.mugs)
		strikes := func(string) bool { return random.IntN(8) == 0 }
		s.killed(t, strikes, func(ctx context.Context) { _, _ = s.PlaceOrder(ctx, req) })
		for range 5 {
			for _, id := range s.ids(t, req.CustomerID) {
				s.killed(t, strikes, func(ctx context.Context) { _ = s.Advance(ctx, id) })
			}
		}
		s.mustRecover(t, fmt.Sprintf("seed %d, %s", seed, name), req, outcome.want)
	}
}

func TestADecisionKilledAnywhereIsCarriedOut(t *testing.T) {
	t.Parallel()
	for name, decision := range map[string]struct {
		do     func(s *shop, ctx context.Context, id string) (order.View, error)
		want   order.Status
		points int
	}{
		"cancel": {func(s *shop, ctx context.Context, id string) (order.View, error) {
			return s.CancelOrder(ctx, customer, id)
		}, order.StatusCancelled, 8},
		"dispatch": {func(s *shop, ctx context.Context, id string) (order.View, error) {
			return s.DispatchOrder(ctx, staff, id)
		}, order.StatusFulfilled, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := newShop(t)
			whole := shopOn(t, base.pool, base.settings)
			id := whole.mustPlace(t, buy("whole", visa)).ID
			points := whole.points(t, func(ctx context.Context) { _, _ = decision.do(whole, ctx, id) })
			if len(points) != decision.points {
				t.Fatalf("points %q, want %d", points, decision.points)
			}
			for _, point := range slices.Compact(slices.Sorted(slices.Values(points))) {
				for _, nth := range []int{1, 2} { // "save" comes twice
					s := shopOn(t, base.pool, base.settings)
					o := s.mustPlace(t, buy(fmt.Sprint(point, nth), visa))
					seen := 0
					at := func(p string) bool {
						if p == point {
							seen++
						}
						return seen == nth
					}
					s.killed(t, at, func(ctx context.Context) { _, _ = decision.do(s, ctx, o.ID) })
					if err := s.Advance(t.Context(), o.ID); err != nil {
						t.Fatalf("%s: %v", point, err)
					}
					if point == "before save" && nth == 1 {
						s.world.mustAgreeWith(t, s.mustGet(t, o.ID)) // nothing was decided
					}
					done, err := decision.do(s, t.Context(), o.ID)
					if err != nil || done.Status != decision.want {
						t.Errorf("%s: again: %s, %v", point, done.Status, err)
					}
					s.world.mustAgreeWith(t, s.mustGet(t, o.ID))
					if s.isDue(t, o.ID) {
						t.Errorf("%s: the order is still due", point)
					}
				}
			}
		})
	}
}

// A dispatch is given up, and the process dies at each point of that.
func TestAnAbandonedDispatchKilledAnywhereLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, abandoned := range map[string]struct {
		refuse func(s *shop, id string)
		points int
	}{
		"the money is gone":           {func(s *shop, id string) { s.world.Payments.Bank[id].Expire() }, 10},
		"shipping refuses the parcel": {func(s *shop, _ string) { s.world.Shipping.Refuses = func(string) bool { return true } }, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := newShop(t)
			prepare := func(key string) (s *shop, id string) {
				s = shopOn(t, base.pool, base.settings)
				id = s.mustPlace(t, buy(key, visa)).ID
				abandoned.refuse(s, id)
				return s, id
			}
			whole, id := prepare("whole")
			points := whole.points(t, func(ctx context.Context) { _, _ = whole.DispatchOrder(ctx, staff, id) })
			if len(points) != abandoned.points {
				t.Fatalf("points %q, want %d", points, abandoned.points)
			}
			for i, point := range points {
				s, id := prepare(fmt.Sprint(i))
				seen := 0
				s.killed(t, func(string) bool { seen++; return seen == i+1 }, func(ctx context.Context) { _, _ = s.DispatchOrder(ctx, staff, id) })
				if err := s.Advance(t.Context(), id); err != nil {
					t.Fatalf("%s: %v", point, err)
				}
				s.exec(t, "UPDATE payment_feed SET position = ''") // which is of another world
				s.world.mustAgreeWith(t, s.mustEnd(t, id))         // cancelled, when the money is gone
				if _, err := s.DispatchOrder(t.Context(), staff, id); !errors.Is(err, order.ErrNotDispatchable) {
					t.Errorf("%s: again: %v", point, err)
				}
				if s.world.mustAgreeWith(t, s.mustEnd(t, id)); s.isDue(t, id) {
					t.Errorf("%s: the order is still due", point)
				}
			}
		})
	}
}
