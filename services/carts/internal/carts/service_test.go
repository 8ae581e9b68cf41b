package carts_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/mongotest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/mongo"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

func setup(t *testing.T) (*carts.Service, *mongo.Store) {
	t.Helper()
	store := mongo.New(mongotest.New(t))
	return carts.New(store), store
}

func create(t *testing.T, s *carts.Service, caller string) carts.Cart {
	t.Helper()
	cart, err := s.Create(t.Context(), caller)
	if err != nil {
		t.Fatal(err)
	}
	return cart
}

func put(t *testing.T, s *carts.Service, caller, id, sku string, quantity int64) carts.Cart {
	t.Helper()
	cart, err := s.SetItem(t.Context(), caller, id, sku, quantity)
	if err != nil {
		t.Fatal(err)
	}
	return cart
}

func TestLinesKeepTheOrderTheyWereAddedIn(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "B", 1)
	put(t, s, "", cart.ID, "A", 2)
	put(t, s, "", cart.ID, "B", 3)
	got, err := s.Get(t.Context(), "", cart.ID)
	if err != nil || fmt.Sprint(got.Lines) != "[{B 3} {A 2}]" {
		t.Errorf("lines = %v, %v; want B 3, A 2", got.Lines, err)
	}
	if got, err = s.RemoveItem(t.Context(), "", cart.ID, "B"); err != nil || fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("after removing B: %v, %v", got.Lines, err)
	}
}

func TestACustomerHasOneCartThatNobodyElseSees(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada, bob := uuid.NewString(), uuid.NewString()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if cart, err := s.Create(t.Context(), ada); err != nil || cart.ID != ada {
				t.Errorf("Create = %q, %v; want the one cart", cart.ID, err)
			}
		})
	}
	wg.Wait()
	for _, stranger := range []string{bob, ""} {
		if _, err := s.Get(t.Context(), stranger, ada); !errors.Is(err, carts.ErrNotFound) {
			t.Errorf("get by %q: %v, want ErrNotFound", stranger, err)
		}
		if _, err := s.SetItem(t.Context(), stranger, ada, "A", 1); !errors.Is(err, carts.ErrNotFound) {
			t.Errorf("set by %q: %v, want ErrNotFound", stranger, err)
		}
	}
	if _, err := s.Claim(t.Context(), bob, ada); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("claim of another's cart: %v, want ErrNotFound", err)
	}
}

func TestAGuestCartsIDIsRandom(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	id := uuid.MustParse(create(t, s, "").ID)
	if id.Version() != 4 || id.Variant() != uuid.RFC4122 { // 122 random bits, RFC 9562
		t.Errorf("id %s is of version %d", id, id.Version())
	}
}

func TestItemsAreBounded(t *testing.T) {
	t.Parallel()
	s, store := setup(t)
	cart := create(t, s, "")
	for _, quantity := range []int64{0, -1, carts.MaxQuantity + 1} {
		var invalid *field.Error
		if _, err := s.SetItem(t.Context(), "", cart.ID, "A", quantity); !errors.As(err, &invalid) || invalid.Violations[0].Field != "quantity" {
			t.Errorf("quantity %d: %v, want a violation of quantity", quantity, err)
		}
	}
	full, err := store.Find(t.Context(), cart.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range carts.MaxLines {
		full.Lines = append(full.Lines, carts.Line{SKU: fmt.Sprint("S", i), Quantity: 1})
	}
	if ok, err := store.Replace(t.Context(), full); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := s.SetItem(t.Context(), "", cart.ID, "ONE-MORE", 1); !errors.Is(err, carts.ErrFull) {
		t.Errorf("line 2,001: %v, want ErrFull", err)
	}
	put(t, s, "", cart.ID, "S7", 9)
}

func TestClaimAddsUpOnceAndEndsTheGuestCart(t *testing.T) {
	t.Parallel()
	s, store := setup(t)
	ada := uuid.NewString()
	create(t, s, ada)
	put(t, s, ada, ada, "A", 1)
	guest := create(t, s, "")
	put(t, s, "", guest.ID, "A", 2)
	before := put(t, s, "", guest.ID, "B", 5)

	for range 2 {
		got, err := s.Claim(t.Context(), ada, guest.ID)
		if err != nil || fmt.Sprint(got.Lines) != "[{A 3} {B 5}]" {
			t.Fatalf("claim: %v, %v; want A 3, B 5", got.Lines, err)
		}
	}
	if _, err := s.Get(t.Context(), "", guest.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("the guest cart: %v, want ErrNotFound", err)
	}
	// As if the process had died between the merge and the deletion.
	if _, err := store.Insert(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(t.Context(), ada, guest.ID); err != nil || fmt.Sprint(got.Lines) != "[{A 3} {B 5}]" {
		t.Errorf("claim after a crash: %v, %v; want A 3, B 5", got.Lines, err)
	}
}

func TestCheckOutTakesOrderedLinesOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "A", 2)
	put(t, s, "", cart.ID, "B", 1)
	ordered := []carts.Line{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 1}}
	put(t, s, "", cart.ID, "A", 3) // one more, after the order was placed
	put(t, s, "", cart.ID, "C", 1)
	for range 2 {
		if err := s.CheckOut(t.Context(), cart.ID, "order-1", ordered); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Get(t.Context(), "", cart.ID)
	if err != nil || fmt.Sprint(got.Lines) != "[{A 1} {C 1}]" {
		t.Errorf("after checkout: %v, %v; want A 1, C 1", got.Lines, err)
	}
	if err := s.CheckOut(t.Context(), uuid.NewString(), "order-2", ordered); err != nil {
		t.Errorf("checkout of a cart that has ended: %v", err)
	}
}

func TestCheckOutRefusesWhatWouldAddToTheCart(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "A", 2)
	tests := []struct {
		orderID  string
		quantity int64
		want     string
	}{
		{"", 1, "order_id"},
		{strings.Repeat("o", 101), 1, "order_id"},
		{"order-1", 0, "lines[0].quantity"},
		{"order-1", -1, "lines[0].quantity"},
		{"order-1", math.MaxInt64, "lines[0].quantity"},
	}
	for _, test := range tests {
		var invalid *field.Error
		err := s.CheckOut(t.Context(), cart.ID, test.orderID, []carts.Line{{SKU: "A", Quantity: test.quantity}})
		if !errors.As(err, &invalid) || invalid.Violations[0].Field != test.want {
			t.Errorf("order %.10q, quantity %d: %v, want a violation of %s", test.orderID, test.quantity, err, test.want)
		}
	}
	if got, err := s.Get(t.Context(), "", cart.ID); err != nil || fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("after the refusals: %v, %v; want A 2", got.Lines, err)
	}
}

func TestSKUsAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	for _, sku := range []string{"", " A", "A ", "A\x00", "Ä", "A/B", "A\n", strings.Repeat("A", 101)} {
		var invalid *field.Error
		if _, err := s.SetItem(t.Context(), "", cart.ID, sku, 1); !errors.As(err, &invalid) || invalid.Violations[0].Field != "sku" {
			t.Errorf("sku %.10q: %v, want a violation of sku", sku, err)
		}
	}
	for _, sku := range []string{"A", "BANK CHARGES", "a.b-c_1", strings.Repeat("A", 100)} {
		put(t, s, "", cart.ID, sku, 1)
	}
}

func TestAnIDThatIsNoneIsNotFound(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	for _, id := range []string{"", "x", "a\x00b", "$gt", strings.Repeat("x", 1<<20)} {
		if _, err := s.Get(t.Context(), "", id); !errors.Is(err, carts.ErrNotFound) {
			t.Errorf("id %.10q: %.100v, want ErrNotFound", id, err)
		}
	}
}

func TestNoConcurrentChangeIsLost(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	const writers = 50
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if _, err := s.SetItem(t.Context(), "", cart.ID, fmt.Sprint("S", i), 1); err != nil {
				t.Errorf("set: %v", err)
			}
		})
	}
	wg.Wait()
	got, err := s.Get(t.Context(), "", cart.ID)
	if err != nil || len(got.Lines) != writers {
		t.Errorf("%d lines, %v; want %d", len(got.Lines), err, writers)
	}
}

func TestExpiredCartsAreGoneAndSwept(t *testing.T) {
	t.Parallel()
	s, store := setup(t)
	old := carts.Cart{ID: uuid.NewString(), ExpiresAt: time.Now().Add(-time.Minute)}
	if _, err := store.Insert(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "", old.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("an expired cart: %v, want ErrNotFound", err)
	}
	live := create(t, s, "")
	if err := store.DeleteExpired(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if inserted, err := store.Insert(t.Context(), old); !inserted || err != nil {
		t.Errorf("the expired cart was not swept: %v", err)
	}
	if _, err := s.Get(t.Context(), "", live.ID); err != nil {
		t.Errorf("a live cart was swept: %v", err)
	}
}

// contended is a store in which someone else is always faster.
type contended struct{ *mongo.Store }

func (contended) Replace(context.Context, carts.Cart) (bool, error) { return false, nil }

func TestAChangeThatNeverGetsThroughGivesUp(t *testing.T) {
	t.Parallel()
	_, store := setup(t)
	s := carts.New(contended{store})
	cart := create(t, s, "")
	if _, err := s.SetItem(t.Context(), "", cart.ID, "A", 1); !errors.Is(err, carts.ErrContended) {
		t.Errorf("set: %v, want ErrContended", err)
	}
}
