package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestReserveHoldsEveryLineOrNone(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	stock(t, s, "POT", 1)

	_, err := s.Reserve(t.Context(), reservation(inventory.Line{SKU: "CUP", Quantity: 3}, inventory.Line{SKU: "POT", Quantity: 2}, inventory.Line{SKU: "GHOST", Quantity: 1}))

	var short *inventory.ShortageError
	if !errors.As(err, &short) {
		t.Fatalf("err = %v, want a *ShortageError", err)
	}
	want := []inventory.Shortage{{SKU: "POT", Requested: 2, Available: 1}, {SKU: "GHOST", Requested: 1, Available: 0}}
	if fmt.Sprint(short.Shortages) != fmt.Sprint(want) {
		t.Errorf("shortages = %v, want %v", short.Shortages, want)
	}
	if got := level(t, s, "CUP"); got.Reserved != 0 {
		t.Errorf("a refused reservation holds %d cups", got.Reserved)
	}
}

func TestARefusalIsFinal(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 1)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	for range 2 {
		var short *inventory.ShortageError
		if _, err := s.Reserve(t.Context(), r); !errors.As(err, &short) || short.Shortages[0].Available != 1 {
			t.Errorf("err = %v, want 1 available", err)
		}
		stock(t, s, "CUP", 5) // later stock is for other orders
	}
	if err := s.Commit(t.Context(), r.OrderID); !errors.Is(err, inventory.ErrReservationEnded) {
		t.Errorf("commit: %v", err)
	}
	if err := s.Release(t.Context(), r.OrderID); err != nil {
		t.Errorf("release: %v", err)
	}
}

func TestRepeatedReserveHoldsOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	first, err := s.Reserve(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Reserve(t.Context(), r)
	if err != nil || again.Sub(first).Abs() > time.Millisecond {
		t.Errorf("again = %v, %v; want %v", again, err, first)
	}
	if got := level(t, s, "CUP"); got.Reserved != 2 {
		t.Errorf("reserved = %d, want 2", got.Reserved)
	}
}

func TestReserveWithOtherLinesIsRefused(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 9)
	stock(t, s, "POT", 9)
	cup, pot := inventory.Line{SKU: "CUP", Quantity: 2}, inventory.Line{SKU: "POT", Quantity: 1}
	r := reservation(cup, pot)
	for _, lines := range [][]inventory.Line{{cup, pot}, {pot, cup}} {
		r.Lines = lines
		if _, err := s.Reserve(t.Context(), r); err != nil {
			t.Errorf("reserve %v: %v", lines, err)
		}
	}
	for _, lines := range [][]inventory.Line{{cup}, {pot}, {cup, {SKU: "POT", Quantity: 2}}, {cup, {SKU: "GHOST", Quantity: 1}}} {
		r.Lines = lines
		if _, err := s.Reserve(t.Context(), r); !errors.Is(err, inventory.ErrReservationMismatch) {
			t.Errorf("reserve %v: %v, want ErrReservationMismatch", lines, err)
		}
	}
	if got := level(t, s, "CUP"); got.Reserved != 2 {
		t.Errorf("reserved = %d, want 2", got.Reserved)
	}
	assertBooks(t, pool)
}

func TestCommitSellsOnceAndReleaseGivesBackOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Commit(t.Context(), r.OrderID); err != nil {
			t.Fatal(err)
		}
	}
	if got := level(t, s, "CUP"); got.OnHand != 3 || got.Reserved != 0 {
		t.Errorf("after commit: %+v, want 3 on hand and none reserved", got)
	}
	for range 2 {
		if err := s.Release(t.Context(), r.OrderID); err != nil {
			t.Fatal(err)
		}
	}
	if got := level(t, s, "CUP"); got.OnHand != 5 || got.Reserved != 0 {
		t.Errorf("after release: %+v, want 5 on hand and none reserved", got)
	}
	if err := s.Commit(t.Context(), r.OrderID); !errors.Is(err, inventory.ErrReservationEnded) {
		t.Errorf("commit after release: %v, want ErrReservationEnded", err)
	}
}

func TestReleaseBeforeReservePreventsTheReservation(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	if err := s.Release(t.Context(), r.OrderID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reserve(t.Context(), r); !errors.Is(err, inventory.ErrReservationEnded) {
		t.Errorf("reserve after release: %v, want ErrReservationEnded", err)
	}
}

func TestExpireReleasesOnlyOverdueReservations(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	late, live := reservation(inventory.Line{SKU: "CUP", Quantity: 2}), reservation(inventory.Line{SKU: "CUP", Quantity: 1})
	for _, r := range []inventory.Reservation{late, live} {
		if _, err := s.Reserve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `UPDATE reservations SET expires_at = now() - interval '1 s' WHERE order_id = $1`, late.OrderID); err != nil {
		t.Fatal(err)
	}
	if n, err := postgres.New(pool).Expire(t.Context()); n != 1 || err != nil {
		t.Fatalf("Expire() = %d, %v; want 1", n, err)
	}
	if got := level(t, s, "CUP"); got.Reserved != 1 {
		t.Errorf("reserved = %d, want 1", got.Reserved)
	}
	if err := s.Commit(t.Context(), late.OrderID); !errors.Is(err, inventory.ErrReservationEnded) {
		t.Errorf("commit of an expired reservation: %v, want ErrReservationEnded", err)
	}
}

func TestAdjustCannotTakeReservedStock(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	if _, err := s.Reserve(t.Context(), reservation(inventory.Line{SKU: "CUP", Quantity: 4})); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Adjust(t.Context(), inventory.Adjustment{SKU: "CUP", Delta: -2, Reason: "broken"}); !errors.Is(err, inventory.ErrInsufficientStock) {
		t.Errorf("err = %v, want ErrInsufficientStock", err)
	}
	if got := level(t, s, "CUP"); got.OnHand != 5 {
		t.Errorf("on hand = %d, want 5", got.OnHand)
	}
}

func TestOpenDoesNotChangeKnownSKUs(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	lines := []inventory.Line{{SKU: "CUP", Quantity: 9}, {SKU: "POT", Quantity: 7}}
	for i, want := range []int{1, 0} {
		if opened, err := s.Open(t.Context(), lines, "import"); opened != want || err != nil {
			t.Errorf("Open #%d = %d, %v; want %d", i+1, opened, err, want)
		}
	}
	if got := level(t, s, "CUP"); got.OnHand != 5 {
		t.Errorf("CUP = %d, want 5", got.OnHand)
	}
}

func TestTheLedgerAddsUpToTheLevels(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 50)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			r := reservation(inventory.Line{SKU: "CUP", Quantity: int64(i%3 + 1)})
			if _, err := s.Reserve(t.Context(), r); err != nil {
				return // sold out
			}
			if i%4 != 0 {
				_ = s.Commit(t.Context(), r.OrderID)
			}
			if i%5 == 0 {
				_ = s.Release(t.Context(), r.OrderID)
			}
		})
	}
	wg.Wait()
	var sum int64
	if err := pool.QueryRow(t.Context(), `SELECT sum(delta) FROM stock_entries WHERE sku = 'CUP'`).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if got := level(t, s, "CUP"); sum != got.OnHand || got.Reserved > got.OnHand {
		t.Errorf("ledger adds up to %d, level is %+v", sum, got)
	}
}
