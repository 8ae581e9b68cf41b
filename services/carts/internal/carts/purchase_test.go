package carts_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"souk/services/carts/internal/carts"
)

func TestAPurchaseStaysTheSameUntilItsCheckout(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	for _, caller := range []string{"", uuid.NewString()} {
		cart := create(t, s, caller)
		if len(cart.Purchases) != 1 {
			t.Fatalf("a new cart has the purchases %v, want one", cart.Purchases)
		}
		if got := put(t, s, caller, cart.ID, "A", 5); !slices.Equal(got.Purchases, cart.Purchases) {
			t.Errorf("after a change: %v, want %v", got.Purchases, cart.Purchases)
		}
		checkout := carts.Checkout{OrderID: uuid.NewString(), Lines: []carts.Line{{SKU: "A", Quantity: 1}}, Purchases: cart.Purchases}
		if err := s.CheckOut(t.Context(), cart.ID, checkout); err != nil {
			t.Fatal(err)
		}
		after := mustGet(t, s, caller, cart.ID)
		if len(after.Purchases) != 1 || after.Purchases[0] == cart.Purchases[0] {
			t.Errorf("after the checkout of %v: %v, want another one", cart.Purchases, after.Purchases)
		}
		if err := s.CheckOut(t.Context(), cart.ID, checkout); err != nil {
			t.Fatal(err)
		}
		if again := mustGet(t, s, caller, cart.ID); !slices.Equal(again.Purchases, after.Purchases) {
			t.Errorf("after the same checkout again: %v, want %v", again.Purchases, after.Purchases)
		}
	}
}

func TestACheckoutOfAnEarlierVersionReplacesAllPurchases(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, guest := uuid.NewString(), create(t, s, "")
	put(t, s, "", guest.ID, "A", 1)
	merged := claim(t, s, ada, guest.ID)
	if err := s.CheckOut(t.Context(), ada, carts.Checkout{OrderID: uuid.NewString(), Lines: merged.Lines}); err != nil {
		t.Fatal(err)
	}
	after := mustGet(t, s, ada, ada)
	if len(after.Purchases) != 1 || slices.Contains(merged.Purchases, after.Purchases[0]) {
		t.Errorf("the purchases are %v, want one that is not in %v", after.Purchases, merged.Purchases)
	}
}

// A guest's order may still be under way when the guest signs in, and the cart goes to the customer.
func TestAnOrderOfAGuestCartIsCheckedOutOfTheCartThatTookItsLines(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, guest := uuid.NewString(), create(t, s, "")
	own := put(t, s, ada, ada, "A", 2)
	ordered := put(t, s, "", guest.ID, "A", 3)
	merged := claim(t, s, ada, guest.ID)
	if want := slices.Concat(own.Purchases, ordered.Purchases); !slices.Equal(merged.Purchases, want) {
		t.Fatalf("the purchases are %v, want the customer's and the guest's: %v", merged.Purchases, want)
	}
	checkout := carts.Checkout{OrderID: uuid.NewString(), Lines: ordered.Lines, Purchases: ordered.Purchases}
	for range 2 {
		if err := s.CheckOut(t.Context(), guest.ID, checkout); err != nil {
			t.Fatal(err)
		}
	}
	after := mustGet(t, s, ada, ada)
	if fmt.Sprint(after.Lines) != "[{A 2}]" {
		t.Errorf("the lines are %v, want A 2", after.Lines)
	}
	if slices.Contains(after.Purchases, ordered.Purchases[0]) || !slices.Contains(after.Purchases, own.Purchases[0]) {
		t.Errorf("the purchases are %v, want %v and not %v", after.Purchases, own.Purchases, ordered.Purchases)
	}
}

func TestAnOrderThatWasCheckedOutBeforeTheClaimTakesNothingMore(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, guest := uuid.NewString(), create(t, s, "")
	cart := put(t, s, "", guest.ID, "A", 3)
	checkout := carts.Checkout{OrderID: uuid.NewString(), Lines: []carts.Line{{SKU: "A", Quantity: 1}}, Purchases: cart.Purchases}
	if err := s.CheckOut(t.Context(), guest.ID, checkout); err != nil {
		t.Fatal(err)
	}
	claim(t, s, ada, guest.ID)
	if err := s.CheckOut(t.Context(), guest.ID, checkout); err != nil {
		t.Fatal(err)
	}
	if got := mustGet(t, s, ada, ada); fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("the lines are %v, want A 2", got.Lines)
	}
}

func TestCartsFromBeforePurchasesHaveTheirIDAsThatOfTheirPurchase(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada, guest := uuid.NewString(), create(t, s, "")
	create(t, s, ada)
	if _, err := pool.Exec(t.Context(), `UPDATE carts SET purchases = NULL`); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, ada, guest.ID); !slices.Equal(got.Purchases, []string{ada, guest.ID}) {
		t.Errorf("the purchases are %v, want those of the two carts", got.Purchases)
	}
}

func mustGet(t *testing.T, s *carts.Service, caller, id string) carts.Cart {
	t.Helper()
	cart, err := s.Get(t.Context(), caller, id)
	if err != nil {
		t.Fatal(err)
	}
	return cart
}

func claim(t *testing.T, s *carts.Service, customer, id string) carts.Cart {
	t.Helper()
	cart, err := s.Claim(t.Context(), customer, id)
	if err != nil {
		t.Fatal(err)
	}
	return cart
}
