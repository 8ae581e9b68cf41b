package orders_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// blocked runs first until it waits for a lock that a statement takes, then second until it waits or ends, and then lets
// them go on. It returns their errors.
func (s *shop) blocked(t *testing.T, first, second func() error, statement string, args ...any) (error, error) {
	t.Helper()
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if tag, err := tx.Exec(t.Context(), statement, args...); err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%s: %v, %v", statement, tag, err)
	}
	firstDone, secondDone := make(chan error, 1), make(chan error, 1)
	go func() { firstDone <- first() }()
	eventually(t, "the first waits", func() bool { return s.waiting(t) == 1 })
	go func() { secondDone <- second() }()
	eventually(t, "the second waits or ends", func() bool { return s.waiting(t) == 2 || len(secondDone) == 1 })
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-firstDone, <-secondDone
}

// waiting returns how many wait for a lock.
func (s *shop) waiting(t *testing.T) (n int) {
	t.Helper()
	err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnErasureWaitsForAnOrderThatIsBeingPlaced(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	elses := buy("key", declined)
	elses.CustomerID = "someone else"
	s.mustPlace(t, elses)
	// The order is inserted, and then finds its key in the hands of a transaction that goes on.
	placed, erased := s.blocked(t,
		func() error { _, err := s.PlaceOrder(t.Context(), buy("key", visa)); return err },
		func() error { return s.EraseCustomer(t.Context(), customer) },
		"UPDATE idempotent_requests SET caller = $1", customer)
	if placed != nil || !errors.Is(erased, orders.ErrOrdersOpen) {
		t.Errorf("placed: %v, erased: %v, want ErrOrdersOpen", placed, erased)
	}
}

func TestAnErasureWaitsForAReturnThatIsBeingRequested(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustDeliver(t)
	// The order is changed, and then its next place on the timeline is taken by a transaction that goes on.
	requested, erased := s.blocked(t,
		func() error { _, err := s.RequestReturn(t.Context(), sendBack(o, "MUG", 1)); return err },
		func() error { return s.EraseCustomer(t.Context(), customer) },
		"INSERT INTO timeline_entries VALUES ($1, $2, now(), '', '')", o.ID, len(o.Timeline)+1)
	if saved := s.mustGet(t, o.ID); requested != nil || erased != nil || len(saved.Returns) != 1 || saved.Returns[0].Reason != "" {
		t.Errorf("requested: %v, erased: %v, returns %+v; want one without its reason", requested, erased, saved.Returns)
	}
}

func TestAnOrderWaitsForAnErasureUnderWay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.mustPlace(t, buy("old", declined))
	// The customer is marked as erased, and then an old key cannot be deleted yet.
	erased, placed := s.blocked(t,
		func() error { return s.EraseCustomer(t.Context(), customer) },
		func() error { _, err := s.PlaceOrder(t.Context(), buy("key", visa)); return err },
		"SELECT FROM idempotent_requests FOR UPDATE")
	if erased != nil || !errors.Is(placed, order.ErrCustomerErased) {
		t.Errorf("erased: %v, placed: %v, want ErrCustomerErased", erased, placed)
	}
	if ids := s.ids(t, customer); len(ids) != 1 {
		t.Errorf("orders %v, want the old one", ids)
	}
}

func TestNoOrderEscapesTheErasureOfItsCustomer(t *testing.T) {
	t.Parallel()
	base := newShop(t)
	outcomes := map[string]int{}
	for i := range 200 {
		// One that is rejected can be erased while it is still being answered.
		s, req := newcomer(t, base.pool, base.settings, i, []string{visa, declined}[i%2], 10)
		req.ShippingAddress.Name = fmt.Sprintf("%s %d.", canary, i)
		var erased error
		var both sync.WaitGroup
		s.world.setHook(func(_ context.Context, point string) error {
			if point == "before place" {
				both.Go(func() {
					for range i % 12 { // a head start for the order, of that many statements
						if err := s.pool.Ping(t.Context()); err != nil {
							t.Error(err)
						}
					}
					erased = s.EraseCustomer(t.Context(), req.CustomerID)
				})
			}
			return nil
		})
		_, placed := s.PlaceOrder(t.Context(), req)
		both.Wait()
		outcomes[s.mustHaveRaced(t, req, placed, erased)]++
	}
	t.Logf("%v", outcomes)
	if outcomes["open"] == 0 || outcomes["refused"] == 0 {
		t.Error("that was no race")
	}
}

// mustHaveRaced checks the outcome of a race between an order and the erasure of its customer, and names it.
func (s *shop) mustHaveRaced(t *testing.T, req checkout.PlaceRequest, placed, erased error) string {
	t.Helper()
	ids, found := s.ids(t, req.CustomerID), s.with(t, req.ShippingAddress.Name)
	_, err := s.store.Key(t.Context(), idempotency.Request{Caller: req.CustomerID, Method: checkout.PlaceMethod, Key: "new"})
	marked := errors.Is(err, order.ErrCustomerErased)
	switch {
	case errors.Is(placed, order.ErrCustomerErased) && erased == nil && marked && len(ids) == 0 && len(found) == 0:
		return "refused"
	case placed == nil && errors.Is(erased, orders.ErrOrdersOpen) && !marked && len(ids) == 1 && len(found) == 3: // the order, and its key in both tables
		return "open"
	case placed == nil && erased == nil && marked && len(ids) == 1 && len(found) == 0 &&
		s.mustGet(t, ids[0]).Status == order.StatusRejected:
		return "rejected, then erased"
	}
	t.Errorf("placed: %v, erased: %v, marked %t, orders %v, the name is in %v", placed, erased, marked, ids, found)
	return "wrong"
}
