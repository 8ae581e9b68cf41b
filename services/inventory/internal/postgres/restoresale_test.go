package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/services/inventory/internal/inventory"
)

// A sale that a restored database does not know is made again, whatever is left of its reservation.
func TestASaleIsRestoredWhateverIsLeftOfItsReservation(t *testing.T) {
	t.Parallel()
	lines := []inventory.Line{{SKU: "POT", Quantity: 1}, {SKU: "CUP", Quantity: 3}}
	for name, before := range map[string]func(*testing.T, *inventory.Service) string{
		"none": func(*testing.T, *inventory.Service) string { return uuid.NewString() },
		"held": func(t *testing.T, s *inventory.Service) string {
			r := reservation(lines...)
			if _, err := s.Reserve(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			return r.OrderID
		},
		"bought": func(t *testing.T, s *inventory.Service) string { return buy(t, s, lines...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, pool := setup(t)
			stock(t, s, "CUP", 5)
			stock(t, s, "POT", 5)
			id := before(t, s)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := s.RestoreSale(t.Context(), id, lines); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := level(t, s, "CUP"); got.OnHand != 2 || got.Reserved != 0 {
				t.Errorf("%+v, want 2 on hand and none reserved", got)
			}
			if err := s.Commit(t.Context(), id); err != nil {
				t.Errorf("the sale is not committed: %v", err)
			}
			assertBooks(t, pool)
		})
	}
}

func TestASaleIsRestoredAfterItsHoldHasEnded(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	r := reservation(inventory.Line{SKU: "CUP", Quantity: 3})
	if _, err := s.Reserve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE reservations SET expires_at = now() - interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.RestoreSale(t.Context(), r.OrderID, r.Lines); err != nil {
		t.Fatal(err)
	}
	if got := level(t, s, "CUP"); got.OnHand != 2 || got.Reserved != 0 {
		t.Errorf("%+v, want 2 on hand and none reserved", got)
	}
	assertBooks(t, pool)
}

// A refusal leaves nothing behind, so that the sale can be restored when there is stock.
func TestASaleThatCannotBeRestoredChangesNothing(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	stock(t, s, "CUP", 5)
	cup := func(n int64) inventory.Line { return inventory.Line{SKU: "CUP", Quantity: n} }
	id, released, bought := uuid.NewString(), buy(t, s, cup(1)), buy(t, s, cup(1))
	if err := s.Release(t.Context(), released); err != nil {
		t.Fatal(err)
	}
	var short *inventory.ShortageError
	if err := s.RestoreSale(t.Context(), id, []inventory.Line{cup(5)}); !errors.As(err, &short) || short.Shortages[0].Available != 4 {
		t.Errorf("more than there is: %v, %+v", err, short)
	}
	if err := s.RestoreSale(t.Context(), released, []inventory.Line{cup(1)}); !errors.Is(err, inventory.ErrReservationEnded) {
		t.Errorf("of an order that was given up: %v", err)
	}
	if err := s.RestoreSale(t.Context(), bought, []inventory.Line{cup(2)}); !errors.Is(err, inventory.ErrReservationMismatch) {
		t.Errorf("of other lines: %v", err)
	}
	if err := s.RestoreSale(t.Context(), "x", nil); err == nil {
		t.Error("without an order: no error")
	}
	stock(t, s, "CUP", 1)
	if err := s.RestoreSale(t.Context(), id, []inventory.Line{cup(5)}); err != nil {
		t.Errorf("once there is enough: %v", err)
	}
	assertBooks(t, pool)
}
