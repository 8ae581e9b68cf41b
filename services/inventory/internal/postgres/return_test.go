package postgres_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"souk/services/inventory/internal/inventory"
)

func newReturn(orderID string, lines ...inventory.Line) inventory.Return {
	return inventory.Return{ID: uuid.NewString(), OrderID: orderID, Lines: lines}
}

func TestARepeatedReturnCountsOnce(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	stock(t, s, "POT", 5)
	r := newReturn(buy(t, s, inventory.Line{SKU: "POT", Quantity: 1}, inventory.Line{SKU: "CUP", Quantity: 3}),
		inventory.Line{SKU: "POT", Quantity: 1}, inventory.Line{SKU: "CUP", Quantity: 2})
	for i := range 2 {
		if err := s.Return(t.Context(), r); err != nil {
			t.Errorf("return #%d: %v", i+1, err)
		}
		r.Lines[0], r.Lines[1] = r.Lines[1], r.Lines[0] // the order of the lines does not matter
	}
	if got := level(t, s, "CUP"); got.OnHand != 4 || got.Reserved != 0 {
		t.Errorf("%+v, want 4 on hand", got)
	}
	if got := level(t, s, "POT"); got.OnHand != 5 {
		t.Errorf("%+v, want 5 on hand", got)
	}
	var entries, pieces int
	err := pool.QueryRow(t.Context(), `SELECT count(*), sum(delta) FROM stock_entries WHERE kind = 'return' AND return_id = $1 AND order_id = $2`,
		r.ID, r.OrderID).Scan(&entries, &pieces)
	if err != nil || entries != 2 || pieces != 3 {
		t.Errorf("%d entries of %d pieces, %v; want 2 of 3", entries, pieces, err)
	}
	assertBooks(t, pool)
}

func TestNoMoreIsReturnedThanWasBought(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	for _, sku := range []string{"CUP", "POT"} {
		stock(t, s, sku, 5)
	}
	cup := func(n int64) inventory.Line { return inventory.Line{SKU: "CUP", Quantity: n} }
	held, bought := reservation(cup(1)), buy(t, s, cup(3))
	if _, err := s.Reserve(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	if err := s.Return(t.Context(), newReturn(bought, cup(2))); err != nil {
		t.Fatal(err)
	}
	for what, r := range map[string]inventory.Return{
		"more than is left":           newReturn(bought, cup(2)),
		"what it did not buy":         newReturn(bought, cup(1), inventory.Line{SKU: "POT", Quantity: 1}),
		"what nobody sells":           newReturn(bought, inventory.Line{SKU: "GHOST", Quantity: 1}),
		"what is only held":           newReturn(held.OrderID, cup(1)),
		"an order that nobody placed": newReturn(uuid.NewString(), cup(1)),
	} {
		if err := s.Return(t.Context(), r); !errors.Is(err, inventory.ErrNotSold) {
			t.Errorf("%s: %v, want ErrNotSold", what, err)
		}
	}
	if got := level(t, s, "CUP"); got.OnHand != 4 || got.Reserved != 1 {
		t.Errorf("%+v, want 4 on hand and 1 reserved", got)
	}
	if err := s.Return(t.Context(), newReturn(bought, cup(1))); err != nil {
		t.Errorf("the last one: %v", err)
	}
	assertBooks(t, pool)
}

func TestAnIDIdentifiesOneReturn(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	cup := func(n int64) inventory.Line { return inventory.Line{SKU: "CUP", Quantity: n} }
	one, other := buy(t, s, cup(2)), buy(t, s, cup(2))
	r := newReturn(one, cup(1))
	if err := s.Return(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for what, again := range map[string]inventory.Return{
		"more pieces":      {ID: r.ID, OrderID: one, Lines: []inventory.Line{cup(2)}},
		"another line too": {ID: r.ID, OrderID: one, Lines: []inventory.Line{cup(1), {SKU: "POT", Quantity: 1}}},
		"another order":    {ID: r.ID, OrderID: other, Lines: r.Lines},
		"no order at all":  {ID: r.ID, OrderID: uuid.NewString(), Lines: r.Lines},
	} {
		if err := s.Return(t.Context(), again); !errors.Is(err, inventory.ErrReturnMismatch) {
			t.Errorf("%s: %v, want ErrReturnMismatch", what, err)
		}
	}
	assertBooks(t, pool)
}

func TestReleaseAfterAReturnGivesTheRestBack(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	stock(t, s, "POT", 5)
	order := buy(t, s, inventory.Line{SKU: "CUP", Quantity: 3}, inventory.Line{SKU: "POT", Quantity: 1})
	r := newReturn(order, inventory.Line{SKU: "CUP", Quantity: 1}, inventory.Line{SKU: "POT", Quantity: 1})
	if err := s.Return(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Release(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	for _, sku := range []string{"CUP", "POT"} {
		if got := level(t, s, sku); got.OnHand != 5 || got.Reserved != 0 {
			t.Errorf("%+v, want 5 on hand", got)
		}
	}
	if err := s.Return(t.Context(), r); err != nil {
		t.Errorf("the same return again: %v", err)
	}
	if err := s.Return(t.Context(), newReturn(order, inventory.Line{SKU: "CUP", Quantity: 1})); !errors.Is(err, inventory.ErrNotSold) {
		t.Errorf("another return: %v, want ErrNotSold", err)
	}
	assertBooks(t, pool)
}

func TestConcurrentReturnsNeverExceedWhatWasBought(t *testing.T) {
	t.Parallel()
	pool := wide(t, 16)
	s := newService(pool)
	stock(t, s, "CUP", 20)
	stock(t, s, "POT", 20)
	order := buy(t, s, inventory.Line{SKU: "CUP", Quantity: 7}, inventory.Line{SKU: "POT", Quantity: 20})
	var taken, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		r := newReturn(order, inventory.Line{SKU: "CUP", Quantity: 1}, inventory.Line{SKU: "POT", Quantity: 1})
		if i%2 == 1 {
			r.Lines[0], r.Lines[1] = r.Lines[1], r.Lines[0]
		}
		for range 2 { // each request is sent twice
			wg.Go(func() {
				switch err := s.Return(t.Context(), r); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, inventory.ErrNotSold):
					refused.Add(1)
				default:
					t.Errorf("return: %v", err)
				}
			})
		}
	}
	wg.Wait()
	if taken.Load() != 2*7 || refused.Load() != 2*33 {
		t.Errorf("%d taken and %d refused, want 14 and 66", taken.Load(), refused.Load())
	}
	if got := level(t, s, "CUP"); got.OnHand != 20 {
		t.Errorf("%+v, want all 20 on hand", got)
	}
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

func TestOfConcurrentReturnsWithOneIDOnlyOneSucceeds(t *testing.T) {
	t.Parallel()
	pool := wide(t, 16)
	s := newService(pool)
	stock(t, s, "CUP", 100)
	cup := inventory.Line{SKU: "CUP", Quantity: 1}
	for range 10 {
		id := uuid.NewString()
		var done atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			order := buy(t, s, cup)
			wg.Go(func() {
				err := s.Return(t.Context(), inventory.Return{ID: id, OrderID: order, Lines: []inventory.Line{cup}})
				if err == nil {
					done.Add(1)
				} else if !errors.Is(err, inventory.ErrReturnMismatch) {
					t.Errorf("return: %v", err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Errorf("%d returns of one id, want 1", done.Load())
		}
	}
	assertBooks(t, pool)
}
