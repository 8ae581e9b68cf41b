package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"souk/services/inventory/internal/inventory"
)

// continued is a line that is sold although there is too little stock.
func continued(sku string, quantity int64) inventory.Line {
	return inventory.Line{SKU: sku, Quantity: quantity, ContinueSelling: true}
}

func TestALineThatContinuesSellingGoesOnBackorder(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "PRINT", 2)
	buy(t, s, continued("PRINT", 5))
	if got := level(t, s, "PRINT"); got.OnHand != -3 || got.Available() != -3 {
		t.Errorf("%+v, want 3 on backorder", got)
	}
	_, err := s.Reserve(t.Context(), reservation(inventory.Line{SKU: "PRINT", Quantity: 1}))
	var short *inventory.ShortageError
	if !errors.As(err, &short) || short.Shortages[0].Available != 0 {
		t.Errorf("a line that does not continue selling: %v", err)
	}
	assertBooks(t, pool)
}

func TestBackordersOfASKUWithoutAnyStock(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	buy(t, s, continued("NEW", 4))
	if got := level(t, s, "NEW"); got.OnHand != -4 {
		t.Errorf("%+v, want 4 on backorder", got)
	}
	for _, want := range []int{1, 0} {
		if opened, err := s.Open(t.Context(), []inventory.Line{{SKU: "NEW", Quantity: 10}}, "import"); err != nil || opened != want {
			t.Fatalf("opened %d, %v, want %d", opened, err, want)
		}
	}
	if got := level(t, s, "NEW"); got.OnHand != 6 {
		t.Errorf("%+v, want 6 pieces", got)
	}
	assertBooks(t, pool)
}

func TestADeliveryFillsBackordersFirst(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	buy(t, s, continued("PRINT", 5))
	stock(t, s, "PRINT", 3)
	if _, err := s.Adjust(t.Context(), inventory.Adjustment{SKU: "PRINT", Delta: -1, Reason: "lost"}); !errors.Is(err, inventory.ErrInsufficientStock) {
		t.Errorf("a loss of what is on backorder: %v", err)
	}
	stock(t, s, "PRINT", 4)
	if got := level(t, s, "PRINT"); got.OnHand != 2 {
		t.Errorf("%+v, want 2 pieces", got)
	}
	// From here on, the database itself refuses a level below 0.
	if _, err := pool.Exec(t.Context(), `UPDATE levels SET on_hand = -1 WHERE sku = 'PRINT'`); err == nil {
		t.Error("a level below 0 without a backorder was stored")
	}
	assertBooks(t, pool)
}

func TestCancelledAndReturnedBackordersGoBack(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	cancelled, kept := buy(t, s, continued("PRINT", 5)), buy(t, s, continued("PRINT", 2))
	if err := s.Release(t.Context(), cancelled); err != nil {
		t.Fatal(err)
	}
	back := inventory.Return{ID: "0198a000-0000-7000-8000-000000000001", OrderID: kept, Lines: []inventory.Line{{SKU: "PRINT", Quantity: 1}}}
	for range 2 {
		if err := s.Return(t.Context(), back); err != nil {
			t.Fatal(err)
		}
	}
	if got := level(t, s, "PRINT"); got.OnHand != -1 {
		t.Errorf("%+v, want 1 on backorder", got)
	}
	page, _, err := s.Stock(t.Context(), 0, "")
	if err != nil || len(page) != 1 || page[0].Continued != 1 || page[0].Committed != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	assertBooks(t, pool)
}

func TestAForgottenBackorderIsRestored(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	const order = "0198a000-0000-7000-8000-000000000002"
	for range 2 {
		if err := s.RestoreSale(t.Context(), order, []inventory.Line{continued("PRINT", 3)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := level(t, s, "PRINT"); got.OnHand != -3 {
		t.Errorf("%+v, want 3 on backorder", got)
	}
	assertBooks(t, pool)
}

// Buyers of a variant that continues selling and of one that does not, at once, some of both, and some cancel.
func TestManyBuyersAtOnceOfBothKinds(t *testing.T) {
	t.Parallel()
	const buyers = 300
	pool := wide(t, 32)
	s := newService(pool)
	stock(t, s, "COUNTED", 100)
	stock(t, s, "PRINT", 50)
	var bought purchase
	var buying sync.WaitGroup
	for n := range buyers {
		lines := []inventory.Line{continued("PRINT", 1)}
		if n%2 == 0 {
			lines = append(lines, inventory.Line{SKU: "COUNTED", Quantity: 1})
		}
		r := reservation(lines...)
		buying.Go(func() {
			bought.buy(t, s, r)
			if n%10 == 1 {
				if err := s.Release(t.Context(), r.OrderID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	buying.Wait()
	if bought.sold.Load() != 250 || bought.refused.Load() != 50 {
		t.Errorf("%d sold and %d refused, want 250 and 50", bought.sold.Load(), bought.refused.Load())
	}
	if got := level(t, s, "COUNTED"); got.OnHand != 0 {
		t.Errorf("%+v, want nothing left", got)
	}
	// 50 there were, 250 sold, 30 of them cancelled.
	if got := level(t, s, "PRINT"); got.OnHand != -170 {
		t.Errorf("%+v, want 170 on backorder", got)
	}
	assertBooks(t, pool)
}
