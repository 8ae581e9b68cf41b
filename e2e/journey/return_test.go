package journey

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// delivered buys something and has it brought to the customer.
func delivered(t *testing.T, c *shop.Client, sku string, quantity int64) shop.Order {
	t.Helper()
	order := buy(t, c, sku, quantity)
	if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, "the order is delivered", func() bool {
		var err error
		order, err = c.Order(t.Context(), order.ID)
		return err == nil && order.Status == "delivered"
	})
	return order
}

func sendBack(sku string, quantity int64) shop.ReturnRequest {
	return shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: sku, Quantity: quantity}}, Reason: "broken"}
}

func TestReturnedGoodsAreRestockedAndRefunded(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	c := customer(t)
	order := delivered(t, c, sku, 3)
	granted, err := c.RequestReturn(t.Context(), order.ID, sendBack(sku, 2))
	if err != nil || granted.Status != "requested" || granted.Amount != (shop.Money{Amount: 1000, Currency: "GBP"}) {
		t.Fatalf("return %+v, %v", granted, err)
	}
	for range 2 {
		var received shop.Return
		if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+granted.ID+"/receive", nil, &received); err != nil || received.Status != "refunded" {
			t.Fatalf("received %+v, %v", received, err)
		}
	}
	order, err = c.Order(t.Context(), order.ID)
	if err != nil || order.Payment.Refunded.Amount != 1000 || len(order.Returns) != 1 || len(order.Refunds) != 1 {
		t.Errorf("order %+v, %v", order, err)
	}
	if left := available(t, sku); left != 3 {
		t.Errorf("%d pieces are left, want 3", left)
	}
	_, err = c.RequestReturn(t.Context(), order.ID, sendBack(sku, 2))
	wantProblem(t, err, http.StatusConflict, "not_returnable")
}

func TestReturnsAreTheOwnersOfDeliveredOrders(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	ada, bob := customer(t), customer(t)
	order := buy(t, ada, sku, 1)
	_, err := ada.RequestReturn(t.Context(), order.ID, sendBack(sku, 1))
	wantProblem(t, err, http.StatusConflict, "not_returnable")
	_, err = bob.RequestReturn(t.Context(), order.ID, sendBack(sku, 1))
	wantProblem(t, err, http.StatusNotFound, "not_found")
	err = ada.Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+order.ID+"/receive", nil, nil)
	wantProblem(t, err, http.StatusForbidden, "forbidden")
	err = staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+order.ID+"/receive", nil, nil)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

func TestStaffGiveMoneyBack(t *testing.T) {
	t.Parallel()
	c := customer(t)
	order := delivered(t, c, stocked(t, 500, 4), 1)
	path := "/v1/admin/orders/" + order.ID + "/refunds"
	keeper := staff(t)
	body := func(amount int64) map[string]any {
		return map[string]any{"amount": shop.Money{Amount: amount, Currency: "GBP"}, "reason": "late"}
	}
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	first, err := keeper.Send(t.Context(), http.MethodPost, path, body(300), key)
	if err != nil || first.Status != http.StatusCreated {
		t.Fatalf("%d %s, %v", first.Status, first.Body, err)
	}
	again, err := keeper.Send(t.Context(), http.MethodPost, path, body(300), key)
	if err != nil || !bytes.Equal(again.Body, first.Body) || again.Header.Get("Idempotent-Replay") != "true" {
		t.Errorf("again: %d %s, %v; want %s", again.Status, again.Body, err, first.Body)
	}
	wantProblem(t, keeper.Do(t.Context(), http.MethodPost, path, body(301), nil, key), http.StatusUnprocessableEntity, "idempotency_key_reused")
	wantProblem(t, keeper.Do(t.Context(), http.MethodPost, path, body(1), nil), http.StatusBadRequest, "idempotency_key_missing")

	other := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	err = keeper.Do(t.Context(), http.MethodPost, path, body(order.Totals.Total.Amount-299), nil, other)
	if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); problem.Errors[0].Field != "amount" {
		t.Errorf("%+v", problem.Errors)
	}
	order, err = c.Order(t.Context(), order.ID)
	if err != nil || order.Payment.Refunded.Amount != 300 || len(order.Refunds) != 1 {
		t.Errorf("order %+v, %v", order.Payment, err)
	}
	wantProblem(t, c.Do(t.Context(), http.MethodPost, path, body(1), nil, other), http.StatusForbidden, "forbidden")
}
