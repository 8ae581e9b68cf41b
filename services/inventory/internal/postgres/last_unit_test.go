package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

// purchase counts the results of many purchases.
type purchase struct {
	sold, refused atomic.Int64
}

// buy reserves and commits. The only allowed error is a shortage.
func (p *purchase) buy(t *testing.T, s *inventory.Service, r inventory.Reservation) {
	_, err := s.Reserve(t.Context(), r)
	switch {
	case err == nil:
		if err := s.Commit(t.Context(), r.OrderID); err != nil {
			t.Errorf("commit: %v", err)
		}
		p.sold.Add(1)
	case isShort(err):
		p.refused.Add(1)
	default:
		t.Errorf("reserve: %v", err)
	}
}

// expect checks the counts, and that the SKUs are sold out.
func (p *purchase) expect(t *testing.T, s *inventory.Service, sold, refused int, skus ...string) {
	t.Helper()
	if p.sold.Load() != int64(sold) || p.refused.Load() != int64(refused) {
		t.Errorf("%d sold and %d refused, want %d and %d", p.sold.Load(), p.refused.Load(), sold, refused)
	}
	for _, sku := range skus {
		if got := level(t, s, sku); got.OnHand != 0 || got.Reserved != 0 {
			t.Errorf("%+v, want nothing left", got)
		}
	}
}

func TestTheLastUnitIsSoldOnce(t *testing.T) {
	t.Parallel()
	pool := wide(t, 32)
	s := newService(pool)
	const buyers = 200
	n := rounds(t, 5)
	for round := range n {
		sku := fmt.Sprintf("LAST-%d", round)
		stock(t, s, sku, 1)
		var p purchase
		var wg sync.WaitGroup
		for range buyers {
			wg.Go(func() { p.buy(t, s, reservation(inventory.Line{SKU: sku, Quantity: 1})) })
		}
		wg.Wait()
		p.expect(t, s, 1, buyers-1, sku)
	}
	t.Logf("measured: %d rounds of %d buyers: each time 1 sold, %d refused", n, buyers, buyers-1)
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

func TestTheLastHundredUnitsAreEachSoldOnce(t *testing.T) {
	t.Parallel()
	pool := wide(t, 32)
	s := newService(pool)
	const units, buyers = 100, 1000
	n := rounds(t, 1)
	for round := range n {
		sku := fmt.Sprintf("LAST-%d", round)
		stock(t, s, sku, units)
		var p purchase
		var wg sync.WaitGroup
		for range buyers {
			wg.Go(func() { p.buy(t, s, reservation(inventory.Line{SKU: sku, Quantity: 1})) })
		}
		wg.Wait()
		p.expect(t, s, units, buyers-units, sku)
	}
	t.Logf("measured: %d rounds of %d buyers for %d units: sold exactly %d", n, buyers, units, units)
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

func TestBasketsInOppositeOrdersDoNotDeadlock(t *testing.T) {
	t.Parallel()
	pool := wide(t, 32)
	s := newService(pool)
	const units, buyers = 60, 100
	n := rounds(t, 2)
	for round := range n {
		var lines []inventory.Line
		var skus []string
		for i := range 8 {
			sku := fmt.Sprintf("SKU-%d-%d", round, i)
			stock(t, s, sku, units)
			lines, skus = append(lines, inventory.Line{SKU: sku, Quantity: 1}), append(skus, sku)
		}
		backwards := slices.Clone(lines)
		slices.Reverse(backwards)
		var p purchase
		var wg sync.WaitGroup
		for i := range buyers {
			wg.Go(func() { p.buy(t, s, reservation([][]inventory.Line{lines, backwards}[i%2]...)) })
		}
		wg.Wait()
		p.expect(t, s, units, buyers-units, skus...)
	}
	t.Logf("measured: %d rounds of %d buyers of the same 8 SKUs, %d units of each: sold exactly %d", n, buyers, units, units)
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

// basketRace simulates shoppers with random baskets, some of which are abandoned, and counts the pieces bought.
type basketRace struct {
	s                              *inventory.Service
	bought                         sync.Map // SKU to *atomic.Int64
	sold, refused, ended, left, up atomic.Int64
}

func TestRandomBasketsDoNotOversellWhileHoldsExpire(t *testing.T) {
	t.Parallel()
	pool := wide(t, 32)
	store := postgres.New(pool)
	race := &basketRace{s: newService(pool)}
	const skus, units = 60, 25
	open(t, race.s, skus, units)
	sweeping, stop := context.WithCancel(t.Context())
	var sweeps, shoppers sync.WaitGroup
	for range 2 {
		sweeps.Go(func() {
			for sweeping.Err() == nil {
				n, err := store.Expire(t.Context())
				if err != nil {
					t.Errorf("expire: %v", err)
				}
				race.up.Add(int64(n))
			}
		})
	}
	n := rounds(t, 2)
	for range 24 {
		shoppers.Go(func() {
			for range 5 * n {
				race.shop(t, skus)
			}
		})
	}
	shoppers.Wait()
	stop()
	sweeps.Wait()
	t.Logf("measured: %d baskets sold, %d refused, %d too late, %d left behind, %d holds swept",
		race.sold.Load(), race.refused.Load(), race.ended.Load(), race.left.Load(), race.up.Load())
	race.expectSold(t)
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

// shop reserves a basket of 1 to 50 lines, and buys or abandons it.
func (race *basketRace) shop(t *testing.T, skus int) {
	r := basket(skus, 1+rand.IntN(50))
	r.HoldFor = time.Duration(1+rand.IntN(100)) * time.Millisecond
	if _, err := race.s.Reserve(t.Context(), r); err != nil {
		if !isShort(err) {
			t.Errorf("reserve: %v", err)
		}
		race.refused.Add(1)
		return
	}
	if rand.IntN(2) == 0 {
		race.left.Add(1)
		return
	}
	switch err := race.s.Commit(t.Context(), r.OrderID); {
	case err == nil:
		race.sold.Add(1)
		for _, line := range r.Lines {
			pieces, _ := race.bought.LoadOrStore(line.SKU, new(atomic.Int64))
			pieces.(*atomic.Int64).Add(line.Quantity)
		}
	case errors.Is(err, inventory.ErrReservationEnded):
		race.ended.Add(1)
	default:
		t.Errorf("commit: %v", err)
	}
}

// expectSold compares the shoppers' successful purchases with the ledger.
func (race *basketRace) expectSold(t *testing.T) {
	t.Helper()
	books, _, err := race.s.Stock(t.Context(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		var bought int64
		if pieces, ok := race.bought.Load(b.SKU); ok {
			bought = pieces.(*atomic.Int64).Load()
		}
		if b.Sold != bought || b.Committed != bought || b.Owned != b.Sold+b.OnHand || b.Held != b.Reserved || b.Sold+b.Held > b.Owned {
			t.Errorf("%+v, want %d sold", b, bought)
		}
	}
	if race.sold.Load() == 0 || race.refused.Load() == 0 || race.up.Load() == 0 {
		t.Error("nothing was sold, refused or swept, so this test shows nothing")
	}
}
