package orders_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/postgres"
)

// claimedBy returns the order that an error names as the one that has claimed the cart, and whether it is such an error.
func claimedBy(err error) (string, bool) {
	var claimed *checkout.CartBeingOrderedError
	if !errors.As(err, &claimed) {
		return "", false
	}
	return claimed.OrderID, true
}

func TestOfManyOrdersOfOneCartOneIsConfirmed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const tabs = 8
	errs := make([]error, tabs)
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() { _, errs[i] = s.PlaceOrder(t.Context(), buy(fmt.Sprint("tab ", i), visa)) })
	}
	wg.Wait()
	placed := s.ids(t, customer)
	if len(placed) != 1 || s.mustGet(t, placed[0]).Status != order.StatusConfirmed {
		t.Fatalf("the orders are %v, want one that is confirmed", placed)
	}
	refused := 0
	for _, err := range errs {
		by, claimed := claimedBy(err)
		switch {
		case err == nil:
			continue
		case claimed && by != placed[0]:
			t.Errorf("claimed by %q, want %s", by, placed[0])
		case !claimed && !errors.Is(err, checkout.ErrCartEmpty):
			t.Errorf("refused with %v", err)
		}
		refused++
	}
	if refused != tabs-1 {
		t.Errorf("%d were refused, want %d", refused, tabs-1)
	}
}

func TestACartCannotBeOrderedWhileABankThinks(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before authorize")
	pending := s.mustPlace(t, buy("first", declined))
	s.world.setHook(nil)
	if by, _ := claimedBy(place(t, s, buy("second", visa))); by != pending.ID {
		t.Errorf("claimed by %q, want %s", by, pending.ID)
	}
	if again := s.mustPlace(t, buy("first", declined)); again.ID != pending.ID {
		t.Errorf("the first key is answered with %s, want %s", again.ID, pending.ID)
	}
	if err := s.Advance(t.Context(), pending.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.mustGet(t, pending.ID); got.Status != order.StatusRejected {
		t.Fatalf("the first order is %s, want rejected", got.Status)
	}
	if second := s.mustPlace(t, buy("second", visa)); second.Status != order.StatusConfirmed {
		t.Errorf("after the rejection the second is %s, want confirmed", second.Status)
	}
}

// TestARequestThatReadTheCartBeforeItWasEmptiedIsRefused holds a request back between its look into the cart and its order.
func TestARequestThatReadTheCartBeforeItWasEmptiedIsRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cart, err := s.world.Peers(s.world.carry).Carts.Cart(t.Context(), cartID)
	if err != nil {
		t.Fatal(err)
	}
	first := s.mustConfirm(t)
	late := order.New(order.Draft{ID: uuid.NewString(), CustomerID: customer, CartID: cartID, Purchases: cart.Purchases})
	_, err = s.store.Place(t.Context(), late, idempotency.Request{Caller: customer, Method: checkout.PlaceMethod, Key: "late", Fingerprint: []byte{1}})
	if by, _ := claimedBy(err); by != first.ID {
		t.Errorf("claimed by %q, want %s: %v", by, first.ID, err)
	}
}

func TestAnOrderThatIsCancelledBeforeItsCartWasEmptiedGivesItBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before check out cart")
	confirmed := s.mustConfirm(t)
	if by, _ := claimedBy(place(t, s, buy("second", visa))); by != confirmed.ID {
		t.Errorf("claimed by %q, want %s", by, confirmed.ID)
	}
	if _, err := s.CancelOrder(t.Context(), customer, confirmed.ID); err != nil {
		t.Fatal(err)
	}
	s.world.setHook(nil)
	if second := s.mustPlace(t, buy("second", visa)); second.Status != order.StatusConfirmed {
		t.Errorf("after the cancellation the second is %s, want confirmed", second.Status)
	}
}

func TestAnotherCustomersOrderOfACartIsNotNamed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.world.failing("before authorize")
	s.mustPlace(t, buy("first", visa))
	req := buy("second", visa)
	req.CustomerID = "0198a000-0000-7000-8000-00000000000d"
	if by, claimed := claimedBy(place(t, s, req)); !claimed || by != "" {
		t.Errorf("claimed %v, by %q, want the order unnamed", claimed, by)
	}
}

func TestClaimsAreDeletedSomeTimeAfterTheCartWasEmptied(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	other := s.fromAnotherCart(buy("pending", visa))
	s.mustConfirm(t)
	s.world.failing("before authorize")
	s.mustPlace(t, other)
	claims := func() (n int) {
		if err := s.pool.QueryRow(t.Context(), "SELECT count(*) FROM cart_claims").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	store := postgres.New(s.pool, time.Minute)
	for _, want := range []int{2, 1} {
		if err := store.DeleteClaims(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := claims(); n != want {
			t.Errorf("%d claims, want %d", n, want)
		}
		s.exec(t, "UPDATE orders SET changed_at = changed_at - interval '11 minutes'")
	}
}

func place(t *testing.T, s *shop, req checkout.PlaceRequest) error {
	t.Helper()
	_, err := s.PlaceOrder(t.Context(), req)
	return err
}
