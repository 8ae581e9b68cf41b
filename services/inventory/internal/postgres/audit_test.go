package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/services/inventory/internal/inventory"
)

func TestStockIsComputedFromLedgerAndReservations(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	open(t, s, 1, 20)
	line := func(n int64) inventory.Line { return inventory.Line{SKU: "SKU-0000", Quantity: n} }
	stock(t, s, line(0).SKU, 3)
	returned, cancelled, expired, held := buy(t, s, line(5)), buy(t, s, line(4)), reservation(line(1)), reservation(line(2))
	for _, r := range []inventory.Reservation{expired, held} {
		if _, err := s.Reserve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	endHold(t, pool, expired.OrderID)
	for _, err := range []error{
		s.Sweep(t.Context()),
		s.Return(t.Context(), newReturn(returned, line(2))),
		s.Return(t.Context(), newReturn(cancelled, line(1))),
		s.Release(t.Context(), cancelled),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := inventory.Stock{
		Level: inventory.Level{SKU: line(0).SKU, OnHand: 20, Reserved: 2}, Owned: 23, Sold: 3, Held: 2, Committed: 3,
	}
	if got, next, err := s.Stock(t.Context(), 0, ""); err != nil || next != "" || len(got) != 1 || got[0] != want {
		t.Errorf("stock = %+v, %q, %v; want %+v", got, next, err, want)
	}
	// A wrong level must not affect the other numbers.
	if _, err := pool.Exec(t.Context(), `UPDATE levels SET on_hand = 99, reserved = 98`); err != nil {
		t.Fatal(err)
	}
	want.OnHand, want.Reserved = 99, 98
	if got, _, err := s.Stock(t.Context(), 0, ""); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("stock = %+v, %v; want %+v", got, err, want)
	}
}

func TestPagesOfStockContainEverySKUOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	open(t, s, 25, 1)
	for _, limit := range []int{1, 5, 7, 24, 25, 26} {
		var skus []string
		pages := 0
		for after := ""; pages == 0 || after != ""; pages++ {
			page, next, err := s.Stock(t.Context(), limit, after)
			if err != nil || len(page) == 0 || len(page) > limit || next == after && next != "" {
				t.Fatalf("limit %d: a page of %d after %q, then %q, %v", limit, len(page), after, next, err)
			}
			for _, stock := range page {
				skus = append(skus, stock.SKU)
			}
			after = next
		}
		if len(skus) != 25 || !slices.IsSorted(skus) || pages != (25+limit-1)/limit {
			t.Errorf("limit %d: %d pages of %v", limit, pages, skus)
		}
	}
}

// While shoppers buy, return and cancel, the numbers on each page must be consistent.
func TestAPageOfStockIsConsistent(t *testing.T) {
	t.Parallel()
	pool := wide(t, 8)
	s := newService(pool)
	open(t, s, 3, plenty)
	shopping, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for shopping.Err() == nil {
				r := basket(3, 2)
				_, err := s.Reserve(t.Context(), r)
				if err == nil {
					err = s.Commit(t.Context(), r.OrderID)
				}
				if err == nil {
					err = s.Return(t.Context(), newReturn(r.OrderID, r.Lines[0]))
				}
				if err == nil {
					err = s.Release(t.Context(), r.OrderID)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	seen := make(map[int64]bool)
	for deadline := time.Now().Add(20 * time.Second); len(seen) < 20 && time.Now().Before(deadline); {
		page, _, err := s.Stock(t.Context(), 0, "")
		if err != nil {
			t.Fatal(err)
		}
		var pieces int64
		for _, b := range page {
			if b.OnHand != b.Owned-b.Sold || b.Reserved != b.Held || b.Sold != b.Committed {
				t.Fatalf("the numbers are inconsistent: %+v", b)
			}
			pieces += 100*b.Sold + b.Held
		}
		seen[pieces] = true
	}
	stop()
	wg.Wait()
	if len(seen) < 5 {
		t.Errorf("only %d moments seen", len(seen))
	}
}

func TestReservationsAreListedWithTheirStatus(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	open(t, s, 3, 20)
	lines := []inventory.Line{{SKU: "SKU-0002", Quantity: 3}, {SKU: "SKU-0001", Quantity: 1}}
	bought := buy(t, s, lines...)
	lines[0].ContinueSelling = true
	held, expired, tombstone := reservation(lines...), reservation(lines[1]), uuid.NewString()
	until, err := s.Reserve(t.Context(), held)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reserve(t.Context(), expired); err != nil {
		t.Fatal(err)
	}
	endHold(t, pool, expired.OrderID)
	for _, err := range []error{
		s.Sweep(t.Context()), s.Release(t.Context(), tombstone),
		s.Return(t.Context(), newReturn(bought, inventory.Line{SKU: "SKU-0002", Quantity: 2})),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	page, next, err := s.Reservations(t.Context(), inventory.ReservationQuery{})
	if err != nil || next != "" || len(page) != 4 {
		t.Fatalf("%d reservations, %q, %v; want 4", len(page), next, err)
	}
	if !slices.IsSortedFunc(page, func(a, b inventory.ReservationRecord) int {
		return strings.Compare(a.OrderID, b.OrderID)
	}) {
		t.Error("they are not in order")
	}
	got := make(map[string]string)
	for _, r := range page {
		got[r.OrderID] = fmt.Sprintf("%s %v %v", r.Status, r.Lines, r.Returned)
		if r.OrderID == held.OrderID && !r.ExpiresAt.Equal(until) {
			t.Errorf("held until %v, want %v", r.ExpiresAt, until)
		}
	}
	for id, want := range map[string]string{
		held.OrderID:    "held [{SKU-0001 1 false} {SKU-0002 3 true}] []",
		bought:          "committed [{SKU-0001 1 false} {SKU-0002 3 false}] [{SKU-0002 2 false}]",
		expired.OrderID: "expired [{SKU-0001 1 false}] []",
		tombstone:       "released [] []",
	} {
		if got[id] != want {
			t.Errorf("%s, want %s", got[id], want)
		}
	}
	asked := inventory.ReservationQuery{OrderIDs: []string{bought, uuid.NewString(), tombstone, bought}}
	if page, _, err := s.Reservations(t.Context(), asked); err != nil || len(page) != 2 {
		t.Errorf("%v, %v; want the two that were asked for", page, err)
	}
}

func TestPagesOfReservationsContainEachOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	var ids []string
	for range 25 {
		id := uuid.NewString()
		ids = append(ids, id)
		if err := s.Release(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(ids)
	for _, q := range []inventory.ReservationQuery{
		{Limit: 1}, {Limit: 7}, {Limit: 24}, {Limit: 25}, {Limit: 26}, {Limit: 4, OrderIDs: ids}, {Limit: 5, OrderIDs: ids},
	} {
		got, pages := allReservations(t, s, q)
		if !slices.Equal(got, ids) || pages != (25+q.Limit-1)/q.Limit {
			t.Errorf("limit %d: %d pages of %d", q.Limit, pages, len(got))
		}
	}
}

// A thousand reservations with thousands of lines would not fit into one answer.
func TestAPageOfReservationsWithManyLinesEndsEarly(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	open(t, s, 2000, 0)
	_, err := pool.Exec(t.Context(), `
		WITH r AS (
			INSERT INTO reservations (order_id, status, expires_at)
			SELECT gen_random_uuid(), 'released', now() FROM generate_series(1, 23) RETURNING order_id
		)
		INSERT INTO reservation_lines (order_id, sku, quantity) SELECT order_id, sku, 1 FROM r CROSS JOIN levels`)
	if err != nil {
		t.Fatal(err)
	}
	if ids, pages := allReservations(t, s, inventory.ReservationQuery{}); len(ids) != 23 || pages != 2 {
		t.Errorf("%d reservations in %d pages, want 23 in 2", len(ids), pages)
	}
}

// allReservations reads all pages.
func allReservations(t *testing.T, s *inventory.Service, q inventory.ReservationQuery) (ids []string, pages int) {
	t.Helper()
	for pages == 0 || q.After != "" {
		page, next, err := s.Reservations(t.Context(), q)
		if err != nil || len(page) == 0 || next == q.After && next != "" {
			t.Fatalf("a page of %d after %q, then %q, %v", len(page), q.After, next, err)
		}
		for _, r := range page {
			ids = append(ids, r.OrderID)
		}
		q.After = next
		pages++
	}
	return ids, pages
}

func TestListsAreEmptyWithoutData(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	if page, next, err := s.Stock(t.Context(), 0, ""); len(page) != 0 || next != "" || err != nil {
		t.Errorf("stock %v, %q, %v", page, next, err)
	}
	if page, next, err := s.Reservations(t.Context(), inventory.ReservationQuery{}); len(page) != 0 || next != "" || err != nil {
		t.Errorf("reservations %v, %q, %v", page, next, err)
	}
}
