package orders_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
	oldest := slices.Clone(placed)
	slices.Reverse(placed)
	// Orders of the same microsecond have an order, too.
	s.exec(t, "UPDATE orders SET created_at = date_trunc('hour', created_at)")
	for name, test := range map[string]struct {
		query orders.Query
		want  []string
	}{
		"all":      {orders.Query{Filter: order.Filter{Limit: 2}}, placed},
		"customer": {orders.Query{Filter: order.Filter{Limit: 4, CustomerID: customer}}, placed[1:]},
		"status":   {orders.Query{Filter: order.Filter{Limit: 1, Status: order.StatusRejected}}, []string{placed[1], placed[3], placed[5]}},
		"oldest":   {orders.Query{Filter: order.Filter{Limit: 2, OldestFirst: true}}, oldest},
		"both":     {orders.Query{Filter: order.Filter{CustomerID: "someone else", Status: order.StatusRejected}}, nil},
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

func TestStaffFindOrders(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.exec(t, "SET TIME ZONE 'UTC'")
	place := func(key, sku, name, createdAt string) order.View {
		s.world.mu.Lock()
		s.world.Carts.Lines[cartID] = []order.Item{{SKU: sku, Quantity: 1}}
		s.world.mu.Unlock()
		req := buy(key, visa)
		req.ShippingAddress.Name = name
		o := s.mustPlace(t, req)
		s.exec(t, "UPDATE orders SET created_at = $2 WHERE id = $1", o.ID, createdAt)
		return o
	}
	first := place("1", "MUG", "Ada_Love 100%", "2026-11-01T10:00:00Z")
	second := place("2", "PLATE", "Ädä Smith", "2026-11-02T10:00:00Z")
	third := place("3", "MUG", "Sam", "2026-11-03T10:00:00Z")
	at := func(day int) time.Time { return time.Date(2026, 11, day, 10, 0, 0, 0, time.UTC) }
	for name, test := range map[string]struct {
		filter order.Filter
		want   []string
	}{
		"number":            {order.Filter{Text: strings.ToLower(second.Number)}, []string{second.ID}},
		"SKU":               {order.Filter{Text: "mug"}, []string{third.ID, first.ID}},
		"name":              {order.Filter{Text: "ädä s"}, []string{second.ID}},
		"no wildcard":       {order.Filter{Text: "ada%"}, nil},
		"sign in a name":    {order.Filter{Text: "ada_love 100%"}, []string{first.ID}},
		"middle of a name":  {order.Filter{Text: "Smith"}, nil},
		"from and to":       {order.Filter{From: at(2), To: at(3)}, []string{second.ID}},
		"to":                {order.Filter{To: at(3), OldestFirst: true}, []string{first.ID, second.ID}},
		"SKU and a status":  {order.Filter{Text: "MUG", Status: order.StatusRejected}, nil},
		"several, a page":   {order.Filter{Text: "MUG", Limit: 1}, []string{third.ID}},
		"needing attention": {order.Filter{Attention: order.AllAttention}, []string{third.ID, second.ID, first.ID}}, // their authorizations expire
	} {
		page, err := s.ListOrders(t.Context(), orders.Query{Filter: test.filter})
		var got []string
		for _, o := range page.Orders {
			got = append(got, o.ID)
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, test.want)
		}
	}
}

// The list says of an order what the order says of itself.
func TestOrdersAreListedByWhyTheyNeedAPerson(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	reasons := map[order.Attention]string{
		order.AttentionStuck:                 "UPDATE orders SET due_at = now(), intent = 'cancel', changed_at = now() - interval '11 minutes' WHERE id = $1",
		order.AttentionAuthorizationExpiring: "UPDATE orders SET created_at = now() - interval '121 hours' WHERE id = $1",
		order.AttentionPaymentUnknown:        "UPDATE orders SET attention = '{payment_unknown}', payment_attention = 'payment_unknown' WHERE id = $1",
		order.AttentionPaymentDiffers:        "UPDATE orders SET attention = '{payment_differs}', payment_attention = 'payment_differs' WHERE id = $1",
		order.AttentionRefundFailed: `WITH failed AS (
			INSERT INTO refunds (id, order_id, status, amount, reason, created_at) VALUES (gen_random_uuid(), $1, 'failed', 1, '', now()))
			UPDATE orders SET attention = '{refund_failed}', owed = 1, captured = 1 WHERE id = $1`,
	}
	ids := map[order.Attention]string{}
	for _, reason := range append([]order.Attention{""}, order.AllAttention...) {
		s.world.mu.Lock()
		s.world.Carts.Lines[cartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
		s.world.mu.Unlock()
		ids[reason] = s.mustPlace(t, buy("key "+string(reason), visa)).ID
		if reason != "" {
			s.exec(t, reasons[reason], ids[reason])
		}
	}
	for _, reason := range order.AllAttention {
		page, err := s.ListOrders(t.Context(), orders.Query{Filter: order.Filter{Attention: []order.Attention{reason}}})
		if err != nil || len(page.Orders) != 1 || page.Orders[0].ID != ids[reason] || !slices.Equal(page.Orders[0].Attention, []order.Attention{reason}) {
			t.Errorf("%s: %+v, %v", reason, page.Orders, err)
		}
	}
	all, err := s.ListOrders(t.Context(), orders.Query{Filter: order.Filter{Attention: order.AllAttention}})
	if err != nil || len(all.Orders) != len(order.AllAttention) {
		t.Errorf("%d orders, %v", len(all.Orders), err)
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
		"limit":        {orders.Query{Filter: order.Filter{Limit: 101}}, names("limit")},
		"negative":     {orders.Query{Filter: order.Filter{Limit: -1}}, names("limit")},
		"status":       {orders.Query{Filter: order.Filter{Status: "lost"}}, names("status")},
		"customer":     {orders.Query{Filter: order.Filter{CustomerID: "a\x00"}}, names("customer_id")},
		"text":         {orders.Query{Filter: order.Filter{Text: "a\x00"}}, names("q")},
		"times":        {orders.Query{Filter: order.Filter{From: time.Unix(1, 0), To: time.Unix(1, 0)}}, names("to")},
		"cursor":       {orders.Query{Cursor: "?"}, is(orders.ErrBadCursor)},
		"empty cursor": {orders.Query{Cursor: "Lg"}, is(orders.ErrBadCursor)},
	} {
		if _, err := s.ListOrders(t.Context(), test.query); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
