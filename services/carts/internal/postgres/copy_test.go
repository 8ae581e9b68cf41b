package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/postgres"
)

func former(id, customer string, lines ...carts.Line) carts.Former {
	return carts.Former{Cart: carts.Cart{ID: id, CustomerID: customer, Lines: lines, ExpiresAt: time.Now().Add(time.Hour)}}
}

// each passes on the carts one at a time.
func each(formers ...carts.Former) func(func([]carts.Former) error) error {
	return func(take func([]carts.Former) error) error {
		for _, f := range formers {
			if err := take([]carts.Former{f}); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestCartsAreCopiedUnchanged(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada, guest, order := newID(), newID(), newID()
	own := former(ada, ada, carts.Line{SKU: "B", Quantity: 2}, carts.Line{SKU: "A", Quantity: carts.MaxQuantity})
	own.CheckedOut = []string{order}
	n, err := postgres.New(pool).Copy(t.Context(), "before", each(own, former(guest, "", carts.Line{SKU: "C", Quantity: 1}), former(newID(), "")))
	if n != 3 || err != nil {
		t.Fatalf("%d were copied, %v; want 3", n, err)
	}
	if err := s.CheckOut(t.Context(), ada, carts.Checkout{OrderID: order, Lines: []carts.Line{{SKU: "B", Quantity: 2}}}); err != nil {
		t.Fatal(err)
	}
	got := get(t, s, ada, ada)
	if fmt.Sprint(got.Lines) != "[{B 2} {A 100000}]" || got.ExpiresAt.Sub(own.ExpiresAt).Abs() > time.Millisecond {
		t.Errorf("a customer's: %+v, want %+v", got, own.Cart)
	}
	if got := get(t, s, "", guest); fmt.Sprint(got.Lines) != "[{C 1}]" {
		t.Errorf("a guest's: %+v", got)
	}
	if _, err := s.Get(t.Context(), "", ada); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("the customer's by a guest: %v", err)
	}
}

// A claim was interrupted after the merge, so the guest cart still exists.
func TestAMergedGuestCartIsNotMergedAgain(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada, merged, sealed := newID(), newID(), newID()
	own := former(ada, ada, carts.Line{SKU: "A", Quantity: 2})
	own.Merged = []string{newID(), merged}
	_, err := postgres.New(pool).Copy(t.Context(), "before", each(own,
		former(merged, "", carts.Line{SKU: "A", Quantity: 2}), former(sealed, "", carts.Line{SKU: "A", Quantity: 3})))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(t.Context(), ada, merged); err != nil || fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("claim of what was merged: %v, %v; want A 2", got.Lines, err)
	}
	if _, err := s.Get(t.Context(), "", merged); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("what was merged: %v, want ErrNotFound", err)
	}
	if got, err := s.Claim(t.Context(), ada, sealed); err != nil || fmt.Sprint(got.Lines) != "[{A 5}]" {
		t.Errorf("claim of what was not merged: %v, %v; want A 5", got.Lines, err)
	}
}

func TestCartsAreCopiedOnce(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	store := postgres.New(pool)
	guest := former(newID(), "", carts.Line{SKU: "A", Quantity: 1})
	const replicas = 4
	var copied [replicas]int
	var wg sync.WaitGroup
	for i := range copied {
		wg.Go(func() {
			var err error
			if copied[i], err = store.Copy(t.Context(), "before", each(guest)); err != nil {
				t.Errorf("copy: %v", err)
			}
		})
	}
	wg.Wait()
	if copied[0]+copied[1]+copied[2]+copied[3] != 1 {
		t.Errorf("copied were %v, want one by one", copied)
	}
	if _, err := s.RemoveItem(t.Context(), "", guest.ID, "A"); err != nil {
		t.Fatal(err)
	}
	if n, err := store.Copy(t.Context(), "before", each(guest)); n != 0 || err != nil {
		t.Errorf("a later start copies %d, %v", n, err)
	}
	if got := get(t, s, "", guest.ID); len(got.Lines) != 0 {
		t.Errorf("a removed line is back: %v", got.Lines)
	}
}

func TestAnInterruptedCopyLeavesNothing(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	store := postgres.New(pool)
	guest, broken := former(newID(), "", carts.Line{SKU: "A", Quantity: 1}), errors.New("broken off")
	_, err := store.Copy(t.Context(), "before", func(take func([]carts.Former) error) error {
		return errors.Join(take([]carts.Former{guest}), broken)
	})
	if done, _ := store.WasCopied(t.Context(), "before"); !errors.Is(err, broken) || done || count(t, pool, `SELECT count(*) FROM carts`) != 0 {
		t.Errorf("%v, done %v", err, done)
	}
	if n, err := store.Copy(t.Context(), "before", each(guest)); n != 1 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	if done, err := store.WasCopied(t.Context(), "before"); !done || err != nil || len(get(t, s, "", guest.ID).Lines) != 1 {
		t.Errorf("done %v, %v", done, err)
	}
}

// This version ran for a while before it was configured with the earlier version's database.
func TestACopiedCartIsAddedToTheCustomersNewCart(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada := newID()
	put(t, s, ada, ada, "A", 1)
	_, err := postgres.New(pool).Copy(t.Context(), "before", each(former(ada, ada, carts.Line{SKU: "B", Quantity: 2}, carts.Line{SKU: "A", Quantity: 7})))
	if got := get(t, s, ada, ada); err != nil || fmt.Sprint(got.Lines) != "[{A 1} {B 2}]" {
		t.Errorf("%v, %v; want A 1, B 2", got.Lines, err)
	}
}
