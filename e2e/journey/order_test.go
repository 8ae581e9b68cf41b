package journey

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"souk/e2e/shop"
)

func TestACancelledOrderGivesMoneyAndStockBack(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	c := customer(t)
	order := buy(t, c, sku, 3)
	for range 2 {
		var cancelled shop.Order
		if err := c.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, &cancelled); err != nil {
			t.Fatal(err)
		}
		if cancelled.Status != "cancelled" || cancelled.Payment.Status != "voided" {
			t.Errorf("order = %s, payment %s; want cancelled and voided", cancelled.Status, cancelled.Payment.Status)
		}
	}
	if left := available(t, sku); left != 4 {
		t.Errorf("%d pieces are left, want 4", left)
	}
	err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil)
	wantProblem(t, err, http.StatusConflict, "not_dispatchable")
}

func TestADispatchedOrderIsPaidForAndDelivered(t *testing.T) {
	t.Parallel()
	c := customer(t)
	order := buy(t, c, stocked(t, 500, 4), 1)
	var dispatched shop.Order
	if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, &dispatched); err != nil {
		t.Fatal(err)
	}
	if dispatched.Status != "fulfilled" || dispatched.Payment.Captured != order.Totals.Total || dispatched.Payment.Status != "captured" {
		t.Errorf("order = %s, payment %+v", dispatched.Status, dispatched.Payment)
	}
	if len(dispatched.Shipments) != 1 || dispatched.Shipments[0].TrackingNumber == "" {
		t.Errorf("shipments = %+v, want one with a tracking number", dispatched.Shipments)
	}
	err := c.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil)
	wantProblem(t, err, http.StatusConflict, "not_cancellable")
	var got shop.Order
	eventually(t, 90*time.Second, "the order is delivered", func() bool {
		var err error
		got, err = c.Order(t.Context(), order.ID)
		return err == nil && got.Status == "delivered" && len(got.Shipments[0].Events) == 4
	})
	var events []string
	for _, entry := range got.Timeline {
		events = append(events, entry.Event)
	}
	if want := []string{"placed", "confirmed", "dispatched", "in_transit", "out_for_delivery", "delivered"}; !slices.Equal(events, want) {
		t.Errorf("timeline %q, want %q", events, want)
	}
}

func TestOrdersAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	ada, bob := customer(t), customer(t)
	order := buy(t, ada, stocked(t, 500, 4), 1)
	_, err := bob.Order(t.Context(), order.ID)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	err = bob.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	_, err = anonymous().Order(t.Context(), order.ID)
	wantProblem(t, err, http.StatusUnauthorized, "unauthenticated")
	err = bob.Do(t.Context(), http.MethodGet, "/v1/admin/orders", nil, nil)
	wantProblem(t, err, http.StatusForbidden, "forbidden")
	if got, err := staff(t).Order(t.Context(), order.ID); err != nil || got.ID != order.ID {
		t.Errorf("staff: %+v, %v", got, err)
	}
	var page shop.Orders
	if err := staff(t).Do(t.Context(), http.MethodGet, "/v1/admin/orders?status=confirmed&customer_id="+order.CustomerID, nil, &page); err != nil || len(page.Items) != 1 {
		t.Errorf("the customer's orders: %d, %v; want 1", len(page.Items), err)
	}
}

func TestOrdersComeNewestFirstInPages(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 9)
	c := customer(t)
	var placed []string
	for range 3 {
		placed = append([]string{buy(t, c, sku, 1).ID}, placed...)
	}
	var listed []string
	path := "/v1/orders?limit=2"
	for path != "" {
		var page shop.Orders
		if err := c.Do(t.Context(), http.MethodGet, path, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			listed = append(listed, o.ID)
		}
		path = ""
		if page.NextCursor != "" {
			path = "/v1/orders?limit=2&cursor=" + page.NextCursor
		}
	}
	if len(listed) != 3 || listed[0] != placed[0] || listed[2] != placed[2] {
		t.Errorf("listed %v, want %v", listed, placed)
	}
	err := c.Do(t.Context(), http.MethodGet, "/v1/orders?cursor=nonsense", nil, nil)
	wantProblem(t, err, http.StatusBadRequest, "invalid_request")
}
