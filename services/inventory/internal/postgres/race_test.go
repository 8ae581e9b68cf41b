package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestConcurrentReservesForOneOrderHoldOnce(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 100)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 3})
	until := make([]time.Time, 50)
	var wg sync.WaitGroup
	for i := range until {
		wg.Go(func() {
			var err error
			if until[i], err = s.Reserve(t.Context(), r); err != nil {
				t.Errorf("reserve: %v", err)
			}
		})
	}
	wg.Wait()
	for _, u := range until {
		if !u.Equal(until[0]) {
			t.Errorf("held until %v and until %v", u, until[0])
		}
	}
	if got := level(t, s, "CUP"); got.Reserved != 3 {
		t.Errorf("reserved = %d, want 3", got.Reserved)
	}
	assertBooks(t, pool)
}

func TestAnOverdueHoldCanBeCommittedUntilItIsExpired(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	endHold(t, pool, r.OrderID)
	if err := s.Commit(t.Context(), r.OrderID); err != nil {
		t.Errorf("commit: %v", err)
	}
	if n, err := postgres.New(pool).Expire(t.Context()); n != 0 || err != nil {
		t.Errorf("Expire() = %d, %v; want 0", n, err)
	}
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Errorf("reserve after commit: %v", err)
	}
	if got := level(t, s, "CUP"); got.OnHand != 3 || got.Reserved != 0 {
		t.Errorf("level = %+v, want 3 on hand and none reserved", got)
	}
	assertBooks(t, pool)
}

func TestAnExpiredReservationStaysEnded(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	endHold(t, pool, r.OrderID)
	if n, err := postgres.New(pool).Expire(t.Context()); n != 1 || err != nil {
		t.Fatalf("Expire() = %d, %v; want 1", n, err)
	}
	for range 2 {
		if _, err := s.Reserve(t.Context(), r); !errors.Is(err, inventory.ErrReservationEnded) {
			t.Errorf("reserve: %v, want ErrReservationEnded", err)
		}
		if err := s.Release(t.Context(), r.OrderID); err != nil {
			t.Errorf("release: %v", err)
		}
	}
	if got := level(t, s, "CUP"); got.OnHand != 5 || got.Reserved != 0 {
		t.Errorf("level = %+v, want 5 on hand and none reserved", got)
	}
}

// A reservation is committed, released and expired at the same time. Whichever comes first, its stock must be counted once.
func TestConcurrentEndsOfAReservationCountOnce(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	const rounds = 30
	stock(t, s, "CUP", 2*rounds)
	store := postgres.New(pool)
	for range rounds {
		r := reservation(inventory.Line{SKU: "CUP", Quantity: 2})
		if _, err := s.Reserve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		endHold(t, pool, r.OrderID)
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Commit(t.Context(), r.OrderID); err != nil && !errors.Is(err, inventory.ErrReservationEnded) {
				t.Errorf("commit: %v", err)
			}
		})
		wg.Go(func() {
			if err := s.Release(t.Context(), r.OrderID); err != nil {
				t.Errorf("release: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := store.Expire(t.Context()); err != nil {
				t.Errorf("expire: %v", err)
			}
		})
		wg.Wait()
	}
	if got := level(t, s, "CUP"); got.OnHand != 2*rounds || got.Reserved != 0 {
		t.Errorf("level = %+v, want everything back", got)
	}
	assertBooks(t, pool)
}

func TestTheNumbersAreConsistentAfterRandomOperations(t *testing.T) {
	t.Parallel()
	pool := wide(t, 16)
	store := postgres.New(pool)
	s := inventory.New(store)
	skus := []string{"A", "B", "C", "D"}
	for _, sku := range skus {
		stock(t, s, sku, 40)
	}
	orders := make([]inventory.Reservation, 25)
	for i := range orders {
		lines := make([]inventory.Line, 0, len(skus))
		for _, n := range rand.Perm(len(skus))[:1+rand.IntN(len(skus))] {
			lines = append(lines, inventory.Line{SKU: skus[n], Quantity: 1 + rand.Int64N(4)})
		}
		orders[i] = reservation(lines...)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 40 {
				if err := randomOperation(t.Context(), s, store, orders[rand.IntN(len(orders))], skus[rand.IntN(len(skus))]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

// randomOperation runs a random operation. It returns errors that are not errors of the domain.
func randomOperation(ctx context.Context, s *inventory.Service, store *postgres.Store, r inventory.Reservation, sku string) error {
	var err error
	switch rand.IntN(8) {
	case 0, 1:
		r.HoldFor = 20 * time.Millisecond
		_, err = s.Reserve(ctx, r)
	case 2:
		err = s.Commit(ctx, r.OrderID)
	case 3:
		err = s.Release(ctx, r.OrderID)
	case 4:
		_, err = store.Expire(ctx)
	case 5:
		err = s.Return(ctx, newReturn(r.OrderID, inventory.Line{SKU: sku, Quantity: 1}))
	case 6:
		_, err = s.Open(ctx, []inventory.Line{{SKU: "NEW-" + r.OrderID, Quantity: 1}, {SKU: sku, Quantity: 1}}, "import")
	case 7:
		_, err = s.Adjust(ctx, inventory.Adjustment{SKU: sku, Delta: 2*rand.Int64N(4) - 5, Reason: "count"})
	}
	for _, answer := range []error{inventory.ErrReservationEnded, inventory.ErrInsufficientStock, inventory.ErrNotSold} {
		if errors.Is(err, answer) {
			return nil
		}
	}
	if isShort(err) {
		return nil
	}
	return err
}

func TestAWholesaleBasketIsReservedAndSold(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	lines := make([]inventory.Line, 2000)
	for i := range lines {
		lines[i] = inventory.Line{SKU: fmt.Sprintf("SKU-%04d", len(lines)-i), Quantity: int64(i + 1)}
	}
	if opened, err := s.Open(t.Context(), lines, "import"); opened != len(lines) || err != nil {
		t.Fatalf("Open = %d, %v", opened, err)
	}
	r := reservation(lines...)
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), r.OrderID); err != nil {
		t.Fatal(err)
	}
	var left int64
	if err := pool.QueryRow(t.Context(), `SELECT sum(on_hand + reserved) FROM levels`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d pieces left, %v; want none", left, err)
	}
	assertBooks(t, pool)
}

func TestOrderIDsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 1})
	for _, id := range []string{"", "7", "urn:uuid:" + uuid.NewString(), "{" + uuid.NewString() + "}", "\x00" + uuid.NewString() + "\x00"} {
		r.OrderID = id
		if _, err := s.Reserve(t.Context(), r); !isField(err, "order_id") {
			t.Errorf("reserve %q: %v, want a violation of order_id", id, err)
		}
		if err := s.Commit(t.Context(), id); !isField(err, "order_id") {
			t.Errorf("commit %q: %v, want a violation of order_id", id, err)
		}
		if err := s.Release(t.Context(), id); !isField(err, "order_id") {
			t.Errorf("release %q: %v, want a violation of order_id", id, err)
		}
	}
}
