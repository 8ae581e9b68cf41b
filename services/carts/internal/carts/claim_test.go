package carts_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/mongotest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/mongo"
)

func TestAGuestCartGoesToOneOfTwoCustomersWhoClaimIt(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	guest := create(t, s, "")
	put(t, s, "", guest.ID, "A", 1)
	customers := []string{uuid.NewString(), uuid.NewString()}
	errs := make([]error, len(customers))
	var wg sync.WaitGroup
	for i, customer := range customers {
		wg.Go(func() { _, errs[i] = s.Claim(t.Context(), customer, guest.ID) })
	}
	wg.Wait()
	for i, customer := range customers {
		lines, refused := len(create(t, s, customer).Lines), errors.Is(errs[i], carts.ErrNotFound)
		if errs[i] != nil && !refused || lines == 1 == refused {
			t.Errorf("customer %d has %d lines and was told %v", i, lines, errs[i])
		}
	}
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("the claims returned %v; want one to succeed", errs)
	}
}

func TestWhatAGuestWasToldIsInTheCartIsThereAfterTheClaim(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, guest := uuid.NewString(), create(t, s, "")
	acknowledged := make([]bool, 20)
	var wg sync.WaitGroup
	for i := range acknowledged {
		wg.Go(func() {
			_, err := s.SetItem(t.Context(), "", guest.ID, fmt.Sprint("S", i), 1)
			acknowledged[i] = err == nil
			if err != nil && !errors.Is(err, carts.ErrNotFound) {
				t.Errorf("set: %v", err)
			}
		})
	}
	for range 3 { // an impatient customer
		wg.Go(func() {
			if _, err := s.Claim(t.Context(), ada, guest.ID); err != nil {
				t.Errorf("claim: %v", err)
			}
		})
	}
	wg.Wait()
	own := create(t, s, ada)
	for i, ok := range acknowledged {
		has := slices.Contains(own.Lines, carts.Line{SKU: fmt.Sprint("S", i), Quantity: 1})
		if has != ok {
			t.Errorf("S%d: acknowledged %v, in the cart %v", i, ok, has)
		}
	}
}

func TestAClaimThatDoesNotFitChangesNothing(t *testing.T) {
	t.Parallel()
	s, store := setup(t)
	ada := uuid.NewString()
	own := create(t, s, ada)
	for i := range carts.MaxLines - 1 {
		own.Lines = append(own.Lines, carts.Line{SKU: fmt.Sprint("S", i), Quantity: carts.MaxQuantity})
	}
	if ok, err := store.Replace(t.Context(), own); !ok || err != nil {
		t.Fatal(ok, err)
	}
	guest := create(t, s, "")
	put(t, s, "", guest.ID, "S0", 7)
	put(t, s, "", guest.ID, "A", 1)
	put(t, s, "", guest.ID, "B", 1)
	if _, err := s.Claim(t.Context(), ada, guest.ID); !errors.Is(err, carts.ErrFull) {
		t.Fatalf("claim: %v, want ErrFull", err)
	}
	if got := create(t, s, ada); !slices.Equal(got.Lines, own.Lines) {
		t.Errorf("the customer's cart changed: %d lines, want %d", len(got.Lines), len(own.Lines))
	}
	if _, err := s.RemoveItem(t.Context(), "", guest.ID, "B"); err != nil {
		t.Fatalf("the guest cart is no longer the guest's: %v", err)
	}
	got, err := s.Claim(t.Context(), ada, guest.ID)
	if err != nil || len(got.Lines) != carts.MaxLines {
		t.Fatalf("claim of what fits: %d lines, %v; want %d", len(got.Lines), err, carts.MaxLines)
	}
	if got.Lines[0].Quantity != carts.MaxQuantity {
		t.Errorf("added up to %d, want %d at most", got.Lines[0].Quantity, carts.MaxQuantity)
	}
}

// dying is a store whose process dies at the n-th write from now.
type dying struct {
	*mongo.Store
	writes int
}

var errDied = errors.New("the process died")

func (d *dying) alive() error {
	if d.writes--; d.writes < 0 {
		return errDied
	}
	return nil
}

func (d *dying) Replace(ctx context.Context, cart carts.Cart) (bool, error) {
	if err := d.alive(); err != nil {
		return false, err
	}
	return d.Store.Replace(ctx, cart)
}

func (d *dying) Delete(ctx context.Context, id string) error {
	if err := d.alive(); err != nil {
		return err
	}
	return d.Store.Delete(ctx, id)
}

func TestAClaimThatDiedCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	for writes := range 4 {
		t.Run(fmt.Sprintf("after %d writes", writes), func(t *testing.T) {
			t.Parallel()
			store := mongo.New(mongotest.New(t))
			s := carts.New(store)
			ada, guest := uuid.NewString(), create(t, s, "")
			put(t, s, create(t, s, ada).ID, ada, "A", 1)
			put(t, s, "", guest.ID, "A", 2)
			_, err := carts.New(&dying{Store: store, writes: writes}).Claim(t.Context(), ada, guest.ID)
			if died := errors.Is(err, errDied); died != (writes < 3) {
				t.Fatalf("claim: %v", err)
			}
			got, err := s.Claim(t.Context(), ada, guest.ID)
			if err != nil || fmt.Sprint(got.Lines) != "[{A 3}]" {
				t.Errorf("claim again: %v, %v; want A 3", got.Lines, err)
			}
		})
	}
}

func TestACustomersExpiredCartIsEmptyAgain(t *testing.T) {
	t.Parallel()
	s, store := setup(t)
	ada := uuid.NewString()
	old := carts.Cart{ID: ada, CustomerID: ada, Lines: []carts.Line{{SKU: "A", Quantity: 1}}, ExpiresAt: time.Now().Add(-time.Minute)}
	if _, err := store.Insert(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	other := carts.Cart{ID: uuid.NewString(), ExpiresAt: old.ExpiresAt}
	if _, err := store.Insert(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), ada, ada)
	if err != nil || len(got.Lines) != 0 || time.Until(got.ExpiresAt) < 364*24*time.Hour {
		t.Errorf("cart = %+v, %v; want an empty one for a year", got, err)
	}
	if inserted, err := store.Insert(t.Context(), other); inserted || err != nil {
		t.Errorf("opening a cart swept the others (%v)", err)
	}
}
