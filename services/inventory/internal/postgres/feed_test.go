package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgfeed"

	"souk/services/inventory/internal/inventory"
)

// watcher reads the feed of changed availability like the gateway.
type watcher struct {
	feed     *pgfeed.Feed
	position string
	seen     map[pgfeed.Change]bool
}

func watch(t *testing.T, pool *pgxpool.Pool) *watcher {
	t.Helper()
	w := &watcher{feed: pgfeed.New(pool, "levels", "sku"), seen: map[pgfeed.Change]bool{}}
	w.read(t)
	return w
}

func (w *watcher) read(t *testing.T) (changed []string) {
	t.Helper()
	news, err := w.feed.Wait(t.Context(), w.position, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	w.position = news.Position
	for _, change := range news.Changes {
		if !w.seen[change] {
			w.seen[change] = true
			changed = append(changed, change.ID)
		}
	}
	return changed
}

// The steps change the stock in all possible ways, across some of the limits.
func TestChangedAvailabilityIsReported(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	w := watch(t, pool)
	var order, returned string
	reserve := func(pieces int64) func() error {
		return func() error {
			r := reservation(inventory.Line{SKU: "CUP", Quantity: pieces})
			order = r.OrderID
			_, err := s.Reserve(t.Context(), r)
			return err
		}
	}
	adjust := func(delta int64) func() error {
		return func() error {
			_, err := s.Adjust(t.Context(), inventory.Adjustment{SKU: "CUP", Delta: delta, Reason: "count"})
			return err
		}
	}
	for _, step := range []struct {
		name     string
		do       func() error
		reported bool
	}{
		{"opened with 30", func() error { stock(t, s, "CUP", 30); return nil }, true},
		{"5 lost, 25 left", adjust(-5), false},
		{"1 lost, 24 left", adjust(-1), true},
		{"14 lost, 10 left", adjust(-14), true},
		{"4 reserved, 6 left", reserve(4), false},
		{"released", func() error { return s.Release(t.Context(), order) }, false},
		{"5 reserved, 5 left", reserve(5), true},
		{"sold", func() error { return s.Commit(t.Context(), order) }, false},
		{"3 reserved, 2 left", reserve(3), false},
		{"expired, 5 left", func() error {
			endHold(t, pool, order)
			return s.Sweep(t.Context())
		}, false},
		{"5 reserved, none left", reserve(5), true},
		{"sold", func() error { returned = order; return s.Commit(t.Context(), order) }, false},
		{"1 returned", func() error {
			return s.Return(t.Context(), inventory.Return{
				ID: uuid.NewString(), OrderID: returned, Lines: []inventory.Line{{SKU: "CUP", Quantity: 1}},
			})
		}, true},
		{"4 found, 5 there", adjust(4), false},
		{"1 found, 6 there", adjust(1), true},
		{"1 lost", adjust(-1), true},
		{"5 lost", adjust(-5), true},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if reported := slices.Contains(w.read(t), "CUP"); reported != step.reported {
			t.Errorf("%s: reported %t, want %t", step.name, reported, step.reported)
		}
	}
}

func TestTheDatabaseHasTheLimits(t *testing.T) {
	t.Parallel()
	_, pool := setup(t)
	for i, limit := range inventory.AvailabilityLimits {
		var below, at int
		if err := pool.QueryRow(t.Context(), "SELECT availability($1 - 1), availability($1)", limit).Scan(&below, &at); err != nil {
			t.Fatal(err)
		}
		if below != i || at != i+1 {
			t.Errorf("availability of %d is %d, and of one less %d; want %d and %d", limit, at, below, i+1, i)
		}
	}
	last := inventory.AvailabilityLimits[len(inventory.AvailabilityLimits)-1]
	var highest int
	if err := pool.QueryRow(t.Context(), "SELECT availability($1)", 1000*last).Scan(&highest); err != nil {
		t.Fatal(err)
	}
	if highest != len(inventory.AvailabilityLimits) {
		t.Errorf("the database has %d limits, want %d", highest, len(inventory.AvailabilityLimits))
	}
}
