package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
)

const writers = 50

// Each change must see all earlier ones: the answers contain 1 line, 2 lines, and so on.
func TestConcurrentChangesOfACartAllSucceed(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	id := create(t, s)
	answers := make([]carts.Cart, writers)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			var err error
			if answers[i], err = s.SetItem(t.Context(), "", id, fmt.Sprint("S", i), int64(i+1)); err != nil {
				t.Errorf("set: %v", err)
			}
		})
	}
	wg.Wait()
	slices.SortFunc(answers, func(a, b carts.Cart) int { return len(a.Lines) - len(b.Lines) })
	last := get(t, s, "", id)
	for i, answer := range answers {
		if len(answer.Lines) != i+1 || !slices.Equal(answer.Lines, last.Lines[:min(i+1, len(last.Lines))]) {
			t.Errorf("answer %d has %d lines: %v; the cart has %v", i+1, len(answer.Lines), answer.Lines, last.Lines)
		}
	}
}

func TestConcurrentAdditionsNeverExceedTheMaximum(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	const free = 5
	id := create(t, s)
	exec(t, pool, `INSERT INTO cart_lines (cart_id, sku, quantity) SELECT $1, n, 1 FROM generate_series(1, $2::int) AS n`, id, carts.MaxLines-free)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.SetItem(t.Context(), "", id, fmt.Sprint("S", i), 1) })
	}
	wg.Wait()
	full := 0
	for _, err := range errs {
		if errors.Is(err, carts.ErrFull) {
			full++
		} else if err != nil {
			t.Errorf("set: %v", err)
		}
	}
	if lines := len(get(t, s, "", id).Lines); full != writers-free || lines != carts.MaxLines {
		t.Errorf("%d were refused, the cart has %d lines; want %d and %d", full, lines, writers-free, carts.MaxLines)
	}
}

func TestAnOrderIsCheckedOutOnce(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	id, order := create(t, s), newID()
	put(t, s, "", id, "A", 100)
	put(t, s, "", id, "B", 2)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := s.CheckOut(t.Context(), id, carts.Checkout{OrderID: order, Lines: []carts.Line{{SKU: "A", Quantity: 3}, {SKU: "B", Quantity: 2}}}); err != nil {
				t.Errorf("check out: %v", err)
			}
		})
	}
	wg.Wait()
	if got := get(t, s, "", id); fmt.Sprint(got.Lines) != "[{A 97}]" {
		t.Errorf("left are %v, want A 97", got.Lines)
	}
}

// Orders are checked out while the shopper continues to fill the cart.
func TestConcurrentCheckOutsAndChangesAllCount(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := newID()
	put(t, s, ada, ada, "A", writers+1)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := s.CheckOut(t.Context(), ada, carts.Checkout{OrderID: newID(), Lines: []carts.Line{{SKU: "A", Quantity: 1}}}); err != nil {
				t.Errorf("check out: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := s.SetItem(t.Context(), ada, ada, fmt.Sprint("S", i), 1); err != nil {
				t.Errorf("set: %v", err)
			}
		})
	}
	wg.Wait()
	if got := get(t, s, ada, ada); len(got.Lines) != writers+1 || got.Lines[0].Quantity != 1 {
		t.Errorf("%d lines, the first is %v; want %d and A 1", len(got.Lines), got.Lines[0], writers+1)
	}
}

func TestConcurrentClaimsByOneCustomerAllSucceed(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := newID() // without a cart so far
	const guests = 10
	var wg sync.WaitGroup
	for i := range guests {
		guest := create(t, s)
		put(t, s, "", guest, "A", 2)
		put(t, s, "", guest, fmt.Sprint("S", i), 1)
		for range 2 {
			wg.Go(func() {
				if _, err := s.Claim(t.Context(), ada, guest); err != nil {
					t.Errorf("claim: %v", err)
				}
			})
		}
	}
	wg.Wait()
	got := get(t, s, ada, ada)
	if i := slices.IndexFunc(got.Lines, func(l carts.Line) bool { return l.SKU == "A" }); len(got.Lines) != guests+1 || got.Lines[i].Quantity != 2*guests {
		t.Errorf("%v; want %d of A and 1 each of %d others", got.Lines, 2*guests, guests)
	}
}

func TestRandomConcurrentOperationsNeitherFailNorDeadlock(t *testing.T) {
	t.Parallel()
	s, pool := setup(t)
	customers := []string{newID(), newID(), newID()}
	guests := make([]string, 12)
	for i := range guests {
		guests[i] = create(t, s)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 60 {
				customer, guest := customers[rand.IntN(len(customers))], guests[rand.IntN(len(guests))]
				if err := randomOperation(t.Context(), s, pool, customer, guest, customers[rand.IntN(len(customers))]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, pool, `SELECT count(*) FROM cart_lines JOIN carts ON id = cart_id WHERE claimed_by IS NOT NULL`); n != 0 {
		t.Errorf("claimed carts have %d lines", n)
	}
	var deadlocks int
	err := pgtest.CloseAndConnect(t, pool).QueryRow(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
}

// randomOperation runs a random operation. It returns errors that are not errors of the domain.
func randomOperation(ctx context.Context, s *carts.Service, pool *pgxpool.Pool, customer, guest, other string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	sku := fmt.Sprint("S", rand.IntN(4))
	var err error
	switch rand.IntN(9) {
	case 0:
		_, err = s.SetItem(ctx, customer, customer, sku, 1+rand.Int64N(carts.MaxQuantity))
	case 1:
		_, err = s.SetItem(ctx, "", guest, sku, 1+rand.Int64N(carts.MaxQuantity))
	case 2:
		_, err = s.RemoveItem(ctx, customer, customer, sku)
	case 3:
		_, err = s.Claim(ctx, customer, guest)
	case 4:
		_, err = s.Claim(ctx, customer, other)
	case 5:
		err = s.CheckOut(ctx, []string{customer, guest}[rand.IntN(2)], carts.Checkout{OrderID: newID(), Lines: []carts.Line{{SKU: "S0", Quantity: 5}, {SKU: sku, Quantity: 1}}})
	case 6:
		_, err = s.Get(ctx, customer, customer)
	case 7:
		err = s.Erase(ctx, customer)
	case 8:
		if _, err = pool.Exec(ctx, `UPDATE carts SET expires_at = now() WHERE id = $1`, customer); err == nil {
			err = s.Sweep(ctx)
		}
	}
	if errors.Is(err, carts.ErrNotFound) {
		return nil
	}
	return err
}
