package orders_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

// canary is in all that is personal in the orders of these tests.
const canary = "canary"

func buyAsCanary(key string) checkout.PlaceRequest {
	req := buy(key, "pm_"+canary)
	req.ShippingAddress = &order.Address{
		Name: canary, Line1: canary, Line2: canary, City: canary, Region: canary, PostalCode: canary, Country: "IE",
	}
	return req
}

// deliverCanary places an order, delivers it, takes a part of it back and refunds some more of its money.
func (s *shop) deliverCanary(t *testing.T) order.View {
	t.Helper()
	o := s.mustPlace(t, buyAsCanary("key"))
	if _, err := s.DispatchOrder(t.Context(), staff, o.ID); err != nil {
		t.Fatal(err)
	}
	s.world.move(o.ID, order.EventDelivered)
	if err := s.FollowParcels(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := sendBack(o, "MUG", 1)
	back.Reason = canary + " broke it"
	if _, err := s.ReceiveReturn(t.Context(), received(s.mustReturn(t, back))); err != nil {
		t.Fatal(err)
	}
	late := pay(o, "late", 100)
	late.Reason = "sorry, " + canary
	if _, err := s.RefundOrder(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	return s.mustGet(t, o.ID)
}

func (s *shop) mustErase(t *testing.T) {
	t.Helper()
	if err := s.EraseCustomer(t.Context(), customer); err != nil {
		t.Fatal(err)
	}
}

// canaries returns the tables of the database that have the canary.
func (s *shop) canaries(t *testing.T) []string {
	t.Helper()
	return s.with(t, canary)
}

// with returns the tables of the database that have a text anywhere, also in bytes.
func (s *shop) with(t *testing.T, text string) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, table := range tables {
		var has bool
		query := fmt.Sprintf("SELECT EXISTS (SELECT FROM %s row WHERE row::text ILIKE ANY ($1))", pgx.Identifier{table}.Sanitize())
		if err := s.pool.QueryRow(t.Context(), query, []string{"%" + text + "%", fmt.Sprintf("%%%x%%", text)}).Scan(&has); err != nil {
			t.Fatal(err)
		}
		if has {
			found = append(found, table)
		}
	}
	return found
}

func TestAnErasedCustomersOrdersKeepTheirMoneyAndNothingPersonal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	want := s.deliverCanary(t)
	if got := s.mailsWaiting(t); got != 6 {
		t.Errorf("%d mails wait, want 6", got)
	}
	if got := strings.Join(s.canaries(t), " "); got != "idempotency_keys idempotent_requests orders refunds returns" {
		t.Fatalf("before: the canary is in %s", got)
	}
	want.ShippingAddress = order.Address{Country: "IE"}
	want.Returns[0].Reason, want.Refunds[0].Reason, want.Refunds[1].Reason = "", "", ""
	for range 2 {
		s.mustErase(t)
		if got := s.mustGet(t, want.ID); !reflect.DeepEqual(got, want) {
			t.Errorf("order is %+v, want %+v", got, want)
		}
		if got := s.canaries(t); len(got) > 0 {
			t.Errorf("the canary is in %v", got)
		}
	}
	if got := s.mailsWaiting(t); got != 0 {
		t.Errorf("%d mails wait", got)
	}
}

func TestOtherCustomersAreNotErased(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.deliverCanary(t)
	if err := s.EraseCustomer(t.Context(), "someone else"); err != nil {
		t.Fatal(err)
	}
	if got := s.mustGet(t, o.ID); !reflect.DeepEqual(got, o) {
		t.Errorf("order is %+v, want %+v", got, o)
	}
	if replay, err := s.PlaceOrder(t.Context(), buyAsCanary("key")); err != nil || !replay.Replayed {
		t.Errorf("its key: %+v, %v", replay, err)
	}
}

func TestOrdersUnderWayStopAnErasure(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, s *shop){
		"pending": func(t *testing.T, s *shop) {
			s.world.failing("before authorize")
			s.mustPlace(t, buy("key", visa))
		},
		"confirmed": func(t *testing.T, s *shop) { s.mustConfirm(t) },
		"fulfilled": func(t *testing.T, s *shop) {
			if _, err := s.DispatchOrder(t.Context(), staff, s.mustConfirm(t).ID); err != nil {
				t.Fatal(err)
			}
		},
		"a return that is not refunded": func(t *testing.T, s *shop) {
			goods := s.mustReturn(t, sendBack(s.mustDeliver(t), "MUG", 1))
			s.world.failing("before refund")
			if _, err := s.ReceiveReturn(t.Context(), received(goods)); err != nil {
				t.Fatal(err)
			}
		},
		"a pending refund": func(t *testing.T, s *shop) {
			o := s.mustDeliver(t)
			s.world.failing("before refund")
			if _, err := s.RefundOrder(t.Context(), pay(o, "key", 1)); err != nil {
				t.Fatal(err)
			}
		},
		"a cart that is not emptied": func(t *testing.T, s *shop) {
			s.world.failing("before check out cart")
			s.exec(t, "UPDATE orders SET status = 'delivered' WHERE id = $1", s.mustConfirm(t).ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			start(t, s)
			before := s.mustGet(t, s.ids(t, customer)[0])
			if err := s.EraseCustomer(t.Context(), customer); !errors.Is(err, orders.ErrOrdersOpen) {
				t.Errorf("%v, want ErrOrdersOpen", err)
			}
			if after := s.mustGet(t, before.ID); !reflect.DeepEqual(after, before) {
				t.Errorf("order is %+v, want %+v", after, before)
			}
			if _, err := s.store.Key(t.Context(), idempotency.Request{Caller: customer, Method: checkout.PlaceMethod, Key: "new"}); !errors.Is(err, order.ErrKeyUnknown) {
				t.Errorf("a new key: %v", err)
			}
		})
	}
}

func TestAnErasedCustomerOrdersAndReturnsNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.deliverCanary(t)
	s.mustErase(t)
	s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
	s.world.calls = nil
	for _, key := range []string{"key", "another"} {
		if _, err := s.PlaceOrder(t.Context(), buyAsCanary(key)); !errors.Is(err, order.ErrCustomerErased) {
			t.Errorf("%s: %v, want ErrCustomerErased", key, err)
		}
	}
	if _, err := s.RequestReturn(t.Context(), sendBack(o, "MUG", 1)); !errors.Is(err, order.ErrCustomerErased) {
		t.Errorf("return: %v, want ErrCustomerErased", err)
	}
	if ids := s.ids(t, customer); len(ids) != 1 || len(s.world.calls) > 0 || len(s.canaries(t)) > 0 {
		t.Errorf("%d orders; asked %v; the canary is in %v", len(ids), s.world.calls, s.canaries(t))
	}
}

func TestACustomerErasedInTheMiddleOfACheckoutGetsNoOrder(t *testing.T) {
	t.Parallel()
	// When the cart is gone as well, this is what it comes from.
	for _, point := range []string{"before get cart", "after quote", "before place"} {
		s := newShop(t)
		s.world.setHook(func(_ context.Context, at string) error {
			if at == point {
				s.mustErase(t)
				delete(s.world.Carts.Lines, cartID)
			}
			return nil
		})
		if _, err := s.PlaceOrder(t.Context(), buyAsCanary("key")); !errors.Is(err, order.ErrCustomerErased) {
			t.Errorf("%s: %v, want ErrCustomerErased", point, err)
		}
		if ids := s.ids(t, customer); len(ids) > 0 || len(s.canaries(t)) > 0 {
			t.Errorf("%s: orders %v; the canary is in %v", point, ids, s.canaries(t))
		}
	}
}

func TestWhatWasReadBeforeTheErasureIsNotSavedAfterIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	stale, err := s.store.Get(t.Context(), s.deliverCanary(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	s.mustErase(t)
	snapshot := stale.Snapshot()
	snapshot.Status = order.StatusPending
	snapshot.Returns = append(snapshot.Returns, order.Return{
		ID: "0198a000-0000-7000-8000-0000000000aa", Status: order.ReturnRequested, Reason: canary, CreatedAt: stale.CreatedAt(),
	})
	changed := order.Restore(snapshot)
	if err := changed.Confirm(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Save(t.Context(), changed); !errors.Is(err, order.ErrConflict) {
		t.Errorf("save: %v, want ErrConflict", err)
	}
	if _, err := s.store.Answer(t.Context(), stale); err != nil {
		t.Errorf("answer: %v", err)
	}
	if got := s.canaries(t); len(got) > 0 {
		t.Errorf("the canary is in %v", got)
	}
}
