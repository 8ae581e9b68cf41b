package orders_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

func TestListsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var placed []string
	for i := range 7 {
		req := buy(fmt.Sprint(i), visa)
		if i%2 == 1 {
			req.PaymentMethod = declined
		}
		if i == 6 {
			req.CustomerID = "someone else"
		}
		s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
		placed = append(placed, s.mustPlace(t, req).ID)
	}
	slices.Reverse(placed)
	// Orders of the same microsecond have an order, too.
	s.exec(t, "UPDATE orders SET created_at = date_trunc('hour', created_at)")
	for name, test := range map[string]struct {
		query orders.Query
		want  []string
	}{
		"all":      {orders.Query{Limit: 2}, placed},
		"customer": {orders.Query{Limit: 4, CustomerID: customer}, placed[1:]},
		"status":   {orders.Query{Limit: 1, Status: order.StatusRejected}, []string{placed[1], placed[3], placed[5]}},
		"both":     {orders.Query{CustomerID: "someone else", Status: order.StatusRejected}, nil},
	} {
		var got []string
		for {
			page, err := s.ListOrders(t.Context(), test.query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, o := range page.Orders {
				got = append(got, o.ID)
				if len(o.Lines) != 1 || len(o.Timeline) != 2 {
					t.Errorf("%s: %+v", name, o)
				}
			}
			if page.NextCursor == "" {
				break
			}
			test.query.Cursor = page.NextCursor
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestAPageOfHugeOrdersEndsEarly(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 3 {
		s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
		s.mustPlace(t, buy(fmt.Sprint(i), visa))
	}
	s.exec(t, "UPDATE orders SET line_count = 4000")
	query, seen := orders.Query{}, 0
	for pages := 1; ; pages++ {
		page, err := s.ListOrders(t.Context(), query)
		if err != nil || len(page.Orders) != 1 {
			t.Fatalf("page %d has %d orders, %v; want 1", pages, len(page.Orders), err)
		}
		seen++
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			break
		}
	}
	if seen != 3 {
		t.Errorf("saw %d orders, want 3", seen)
	}
}

func TestAnOrderIsShownToItsOwnerAndToStaff(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	for name, test := range map[string]struct {
		viewer order.Viewer
		id     string
		want   error
	}{
		"owner":        {order.Viewer{CustomerID: customer}, id, nil},
		"staff":        {order.Viewer{CustomerID: "staff", Staff: true}, id, nil},
		"someone else": {order.Viewer{CustomerID: "someone"}, id, order.ErrNotFound},
		"unknown":      {order.Viewer{Staff: true}, "0198a000-0000-7000-8000-000000000000", order.ErrNotFound},
		"no id":        {order.Viewer{Staff: true}, "x\x00", order.ErrNotFound},
	} {
		if _, err := s.GetOrder(t.Context(), test.viewer, test.id); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, test := range map[string]struct {
		query orders.Query
		want  func(error) bool
	}{
		"limit":        {orders.Query{Limit: 101}, names("limit")},
		"negative":     {orders.Query{Limit: -1}, names("limit")},
		"status":       {orders.Query{Status: "lost"}, names("status")},
		"customer":     {orders.Query{CustomerID: "a\x00"}, names("customer_id")},
		"cursor":       {orders.Query{Cursor: "?"}, is(orders.ErrBadCursor)},
		"empty cursor": {orders.Query{Cursor: "Lg"}, is(orders.ErrBadCursor)},
	} {
		if _, err := s.ListOrders(t.Context(), test.query); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
