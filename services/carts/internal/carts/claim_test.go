package carts_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/services/carts/internal/carts"
)

func TestOfTwoConcurrentClaimsOneSucceeds(t *testing.T) {
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

func TestNoConfirmedLineIsLostInAClaim(t *testing.T) {
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
	for range 3 { // the customer repeats the request
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

func TestATooLargeClaimChangesNothing(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada := uuid.NewString()
	create(t, s, ada)
	fill(t, pool, ada, carts.MaxLines-1)
	own := put(t, s, ada, ada, "S1", carts.MaxQuantity)
	guest := create(t, s, "")
	put(t, s, "", guest.ID, "S1", 7)
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

func TestClaimedCartsAreErasedWithTheirCustomer(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada, guest, other := uuid.NewString(), create(t, s, ""), create(t, s, "")
	put(t, s, "", guest.ID, "A", 1)
	if _, err := s.Claim(t.Context(), ada, guest.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if exists(t, pool, ada) || exists(t, pool, guest.ID) || !exists(t, pool, other.ID) {
		t.Errorf("left: own %v, claimed %v, another %v", exists(t, pool, ada), exists(t, pool, guest.ID), exists(t, pool, other.ID))
	}
}

func TestAnInvalidClaimCreatesNoCart(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada := uuid.NewString()
	for _, id := range []string{uuid.NewString(), "x", ""} {
		if _, err := s.Claim(t.Context(), ada, id); !errors.Is(err, carts.ErrNotFound) {
			t.Errorf("claim of %q: %v, want ErrNotFound", id, err)
		}
	}
	if exists(t, pool, ada) {
		t.Error("there is a cart now")
	}
	if got, err := s.Claim(t.Context(), ada, ada); err != nil || got.ID != ada {
		t.Errorf("claim of one's own: %v, %v", got, err)
	}
}
