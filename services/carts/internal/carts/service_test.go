package carts_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) (*carts.Service, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	return carts.New(postgres.New(pool)), pool
}

// fill puts so many lines of 1 piece into a cart: S1, S2 and so on.
func fill(t *testing.T, pool *pgxpool.Pool, id string, lines int) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `INSERT INTO cart_lines (cart_id, sku, quantity)
		SELECT $1, 'S' || n, 1 FROM generate_series(1, $2::int) AS n`, id, lines); err != nil {
		t.Fatal(err)
	}
}

// end makes a cart expire a minute ago.
func end(t *testing.T, pool *pgxpool.Pool, id string) {
	t.Helper()
	tag, err := pool.Exec(t.Context(), `UPDATE carts SET expires_at = now() - interval '1 minute' WHERE id = $1`, id)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatal(tag, err)
	}
}

// exists reports whether the database contains a cart, expired or not.
func exists(t *testing.T, pool *pgxpool.Pool, id string) (found bool) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM carts WHERE id = $1)`, id).Scan(&found); err != nil {
		t.Fatal(err)
	}
	return found
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

func TestACustomerHasOneCartThatOthersCannotUse(t *testing.T) {
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
	if id.Version() != 4 || id.Variant() != uuid.RFC4122 { // 122 random bits (RFC 9562)
		t.Errorf("id %s is of version %d", id, id.Version())
	}
}

func TestQuantitiesAndLinesAreLimited(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	cart := create(t, s, "")
	for _, quantity := range []int64{0, -1, carts.MaxQuantity + 1} {
		var invalid *field.Error
		if _, err := s.SetItem(t.Context(), "", cart.ID, "A", quantity); !errors.As(err, &invalid) || invalid.Violations[0].Field != "quantity" {
			t.Errorf("quantity %d: %v, want a violation of quantity", quantity, err)
		}
	}
	fill(t, pool, cart.ID, carts.MaxLines)
	if _, err := s.SetItem(t.Context(), "", cart.ID, "ONE-MORE", 1); !errors.Is(err, carts.ErrFull) {
		t.Errorf("line 2,001: %v, want ErrFull", err)
	}
	if got := put(t, s, "", cart.ID, "S7", 9); len(got.Lines) != carts.MaxLines || got.Lines[6].Quantity != 9 {
		t.Errorf("%d lines, %v; want %d, 9 pieces of S7", len(got.Lines), got.Lines[6], carts.MaxLines)
	}
}

func TestClaimAddsQuantitiesOnceAndEndsTheGuestCart(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := uuid.NewString()
	create(t, s, ada)
	put(t, s, ada, ada, "A", 1)
	guest := create(t, s, "")
	put(t, s, "", guest.ID, "A", 2)
	put(t, s, "", guest.ID, "B", 5)

	for range 2 {
		got, err := s.Claim(t.Context(), ada, guest.ID)
		if err != nil || fmt.Sprint(got.Lines) != "[{A 3} {B 5}]" {
			t.Fatalf("claim: %v, %v; want A 3, B 5", got.Lines, err)
		}
	}
	if _, err := s.Get(t.Context(), "", guest.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("the guest cart: %v, want ErrNotFound", err)
	}
	if _, err := s.Claim(t.Context(), uuid.NewString(), guest.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("claim by another: %v, want ErrNotFound", err)
	}
}

func TestCheckOutTakesOrderedLinesOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "A", 2)
	put(t, s, "", cart.ID, "B", 1)
	ordered := []carts.Line{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 1}}
	put(t, s, "", cart.ID, "A", 3) // one more piece, added after the order was placed
	put(t, s, "", cart.ID, "C", 1)
	order := uuid.NewString()
	for range 2 {
		if err := s.CheckOut(t.Context(), cart.ID, carts.Checkout{OrderID: order, Lines: ordered}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Get(t.Context(), "", cart.ID)
	if err != nil || fmt.Sprint(got.Lines) != "[{A 1} {C 1}]" {
		t.Errorf("after checkout: %v, %v; want A 1, C 1", got.Lines, err)
	}
	if err := s.CheckOut(t.Context(), uuid.NewString(), carts.Checkout{OrderID: uuid.NewString(), Lines: ordered}); err != nil {
		t.Errorf("checkout of a cart that has ended: %v", err)
	}
}

func TestCheckOutRefusesInvalidOrders(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "A", 2)
	order := uuid.NewString()
	tests := []struct {
		orderID  string
		quantity int64
		want     string
	}{
		{"", 1, "order_id"},
		{"order-1", 1, "order_id"},
		{order, 0, "lines[0].quantity"},
		{order, -1, "lines[0].quantity"},
		{order, math.MaxInt64, "lines[0].quantity"},
	}
	for _, test := range tests {
		var invalid *field.Error
		err := s.CheckOut(t.Context(), cart.ID, carts.Checkout{OrderID: test.orderID, Lines: []carts.Line{{SKU: "A", Quantity: test.quantity}}})
		if !errors.As(err, &invalid) || invalid.Violations[0].Field != test.want {
			t.Errorf("order %.10q, quantity %d: %v, want a violation of %s", test.orderID, test.quantity, err, test.want)
		}
	}
	if got, err := s.Get(t.Context(), "", cart.ID); err != nil || fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("after the refusals: %v, %v; want A 2", got.Lines, err)
	}
}

func TestASKUThatOccursTwiceInAnOrderIsTakenOutTwice(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	put(t, s, "", cart.ID, "A", 5)
	ordered := []carts.Line{{SKU: "A", Quantity: 1}, {SKU: "no\x00SKU", Quantity: 1}, {SKU: "A", Quantity: 3}, {SKU: "B", Quantity: 1}}
	if err := s.CheckOut(t.Context(), cart.ID, carts.Checkout{OrderID: uuid.NewString(), Lines: ordered}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.RemoveItem(t.Context(), "", cart.ID, "no\x00SKU"); err != nil || fmt.Sprint(got.Lines) != "[{A 1}]" {
		t.Errorf("after checkout: %v, %v; want A 1", got.Lines, err)
	}
}

func TestSKUsAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	cart := create(t, s, "")
	for _, sku := range []string{"", " A", "A ", "A\x00", "A\u0308", "A\n", strings.Repeat("A", 101)} {
		var invalid *field.Error
		if _, err := s.SetItem(t.Context(), "", cart.ID, sku, 1); !errors.As(err, &invalid) || invalid.Violations[0].Field != "sku" {
			t.Errorf("sku %.10q: %v, want a violation of sku", sku, err)
		}
	}
	for _, sku := range []string{"A", "BANK CHARGES", "a.b-c_1", "A/B", "Ä #1", "茶", strings.Repeat("A", 100)} {
		put(t, s, "", cart.ID, sku, 1)
	}
}

func TestInvalidCartIDsAreNotFound(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	for _, id := range []string{"", "x", "a\x00b", "$gt", strings.Repeat("x", 1<<20)} {
		if _, err := s.Get(t.Context(), "", id); !errors.Is(err, carts.ErrNotFound) {
			t.Errorf("id %.10q: %.100v, want ErrNotFound", id, err)
		}
	}
}

func TestACartExpiresAfterItsLastChange(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada := uuid.NewString()
	guest := create(t, s, "")
	create(t, s, ada)
	soon := func() {
		if _, err := pool.Exec(t.Context(), `UPDATE carts SET expires_at = now() + interval '1 minute'`); err != nil {
			t.Fatal(err)
		}
	}
	changes := map[string]func(caller, id string) error{
		"set":    func(caller, id string) error { _, err := s.SetItem(t.Context(), caller, id, "A", 1); return err },
		"remove": func(caller, id string) error { _, err := s.RemoveItem(t.Context(), caller, id, "A"); return err },
		"check out": func(_, id string) error {
			return s.CheckOut(t.Context(), id, carts.Checkout{OrderID: uuid.NewString(), Lines: []carts.Line{{SKU: "A", Quantity: 1}}})
		},
	}
	for name, change := range changes {
		for caller, id := range map[string]string{"": guest.ID, ada: ada} {
			soon()
			if err := change(caller, id); err != nil {
				t.Fatal(err)
			}
			life := carts.GuestLife
			if caller != "" {
				life = carts.CustomerLife
			}
			got, err := s.Get(t.Context(), caller, id)
			if left := time.Until(got.ExpiresAt); err != nil || left < life-time.Minute || left > life+time.Minute {
				t.Errorf("%s by %q: the cart lives for %v, %v; want %v", name, caller, left, err, life)
			}
		}
	}
	soon()
	if got, err := s.Get(t.Context(), "", guest.ID); err != nil || time.Until(got.ExpiresAt) > time.Minute {
		t.Errorf("reading a cart extends its life: %v, %v", got.ExpiresAt, err)
	}
}

func TestExpiredCartsAreNotFoundAndSwept(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	old, live := create(t, s, ""), create(t, s, "")
	put(t, s, "", old.ID, "A", 1)
	end(t, pool, old.ID)
	if _, err := s.Get(t.Context(), "", old.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("an expired cart: %v, want ErrNotFound", err)
	}
	if _, err := s.SetItem(t.Context(), "", old.ID, "A", 1); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("a change of an expired cart: %v, want ErrNotFound", err)
	}
	if _, err := s.Claim(t.Context(), uuid.NewString(), old.ID); !errors.Is(err, carts.ErrNotFound) {
		t.Errorf("claim of an expired cart: %v, want ErrNotFound", err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if exists(t, pool, old.ID) || !exists(t, pool, live.ID) {
		t.Errorf("after the sweep: the expired cart %v, the live one %v", exists(t, pool, old.ID), exists(t, pool, live.ID))
	}
}

func TestACustomersExpiredCartIsEmpty(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	ada, bob, other := uuid.NewString(), uuid.NewString(), create(t, s, "")
	for _, customer := range []string{ada, bob} {
		put(t, s, customer, customer, "A", 1)
		end(t, pool, customer)
	}
	end(t, pool, other.ID)
	got, err := s.Get(t.Context(), ada, ada)
	if err != nil || len(got.Lines) != 0 || time.Until(got.ExpiresAt) < carts.CustomerLife-time.Minute {
		t.Errorf("cart = %+v, %v; want an empty one for a year", got, err)
	}
	if got := put(t, s, bob, bob, "B", 2); fmt.Sprint(got.Lines) != "[{B 2}]" {
		t.Errorf("the first line of a new cart: %v", got.Lines)
	}
	if !exists(t, pool, other.ID) {
		t.Error("opening a cart swept the others")
	}
}
