package journey

import (
	"bytes"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

func TestAShopperBuysSomething(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 1999, 10)
	c := customer(t)
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if cart, err = c.Put(t.Context(), cart.ID, sku, 3); err != nil || cart.Subtotal.Amount != 5997 || cart.Lines[0].Availability != "in_stock" {
		t.Fatalf("cart = %+v, %v", cart, err)
	}
	quote, err := c.Quote(t.Context(), cart.ID, leeds)
	if err != nil || len(quote.Options) == 0 {
		t.Fatalf("quote = %+v, %v", quote, err)
	}
	total := cart.Subtotal.Amount + quote.Options[0].Price.Amount
	request := shop.Checkout{
		CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa",
		ExpectedTotal: &shop.Money{Amount: total, Currency: "GBP"},
	}
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	first, err := c.Send(t.Context(), http.MethodPost, "/v1/orders", request, key)
	if err != nil || first.Status != http.StatusCreated {
		t.Fatalf("place order: %v %s, %v", first.Status, first.Body, err)
	}
	var order shop.Order
	if err := first.Decode(&order); err != nil {
		t.Fatal(err)
	}
	if order.Status != "confirmed" || order.Totals.Total.Amount != total || order.Payment.Authorized.Amount != total || order.Payment.Status != "authorized" {
		t.Errorf("order = %+v", order)
	}
	if left := available(t, sku); left != 7 {
		t.Errorf("%d pieces are left, want 7", left)
	}
	again, err := c.Send(t.Context(), http.MethodPost, "/v1/orders", request, key)
	if err != nil || again.Status != first.Status || !bytes.Equal(again.Body, first.Body) || again.Header.Get("Idempotent-Replay") != "true" {
		t.Errorf("the same key: %d, replay %q, %v:\n%s\nwant\n%s", again.Status, again.Header.Get("Idempotent-Replay"), err, again.Body, first.Body)
	}
	var now shop.Cart
	if err := c.Do(t.Context(), http.MethodGet, "/v1/carts/"+cart.ID, nil, &now); err != nil || len(now.Lines) != 0 {
		t.Errorf("the cart afterwards: %+v, %v; want it empty", now.Lines, err)
	}
	if got, err := c.Order(t.Context(), order.ID); err != nil || got.Status != "confirmed" || len(got.Lines) != 1 {
		t.Errorf("the order afterwards: %+v, %v", got, err)
	}
}

func TestARefusedPaymentLeavesStockAndCart(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	for method, reason := range map[string]string{
		"pm_card_declined": "card_declined", "pm_card_insufficient_funds": "insufficient_funds", "pm_nobody_has": "unknown_payment_method",
		"pm_1MqLiJLkdIwHu7ixUEgbFdYF": "unknown_payment_method", "cash": "unknown_payment_method",
	} {
		c := customer(t)
		request := checkout(t, c, sku, 2, method)
		_, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
		problem := problemOf(t, err, http.StatusPaymentRequired, "payment_declined")
		if problem.Reason != reason {
			t.Errorf("%s: reason = %q, want %q", method, problem.Reason, reason)
		}
		wantRejection(t, c, problem.OrderID, shop.Rejection{Reason: "payment_declined", DeclineReason: reason})
		if left := available(t, sku); left != 4 {
			t.Errorf("%s: %d pieces are left, want 4", method, left)
		}
		var cart shop.Cart
		if err := c.Do(t.Context(), http.MethodGet, "/v1/carts/"+request.CartID, nil, &cart); err != nil || len(cart.Lines) != 1 || cart.Lines[0].Quantity != 2 {
			t.Errorf("%s: cart = %+v, %v", method, cart, err)
		}
		var orders shop.Orders
		if err := c.Do(t.Context(), http.MethodGet, "/v1/orders", nil, &orders); err != nil || len(orders.Items) != 1 || orders.Items[0].Status != "rejected" {
			t.Errorf("%s: orders = %+v, %v; want one, rejected", method, orders, err)
		}
	}
}

func TestMoreThanThereIsIsRefusedByLine(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	c := customer(t)
	_, err := c.PlaceOrder(t.Context(), uuid.NewString(), checkout(t, c, sku, 5, "pm_card_visa"))
	problem := problemOf(t, err, http.StatusConflict, "out_of_stock")
	if len(problem.Lines) != 1 || problem.Lines[0].SKU != sku || problem.Lines[0].Requested != 5 || problem.Lines[0].Available != 4 {
		t.Errorf("lines = %+v, want %s, 5 of 4", problem.Lines, sku)
	}
	wantRejection(t, c, problem.OrderID, shop.Rejection{Reason: "out_of_stock", Lines: problem.Lines})
	if left := available(t, sku); left != 4 {
		t.Errorf("%d pieces are left, want 4", left)
	}
}

// wantRejection checks that the order says why it was rejected.
func wantRejection(t *testing.T, c *shop.Client, order string, want shop.Rejection) {
	t.Helper()
	got, err := c.Order(t.Context(), order)
	if err != nil || got.Status != "rejected" || got.Rejection == nil || !reflect.DeepEqual(*got.Rejection, want) {
		t.Errorf("order = %+v, %v; want it rejected for %+v", got, err, want)
	}
}

func TestTheLastPieceIsSoldOnce(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 1)
	const buyers = 10
	results := make([]error, buyers)
	var wg sync.WaitGroup
	for i := range buyers {
		c := customer(t)
		request := checkout(t, c, sku, 1, "pm_card_visa")
		wg.Go(func() { _, results[i] = c.PlaceOrder(t.Context(), uuid.NewString(), request) })
	}
	wg.Wait()
	sold := 0
	for _, err := range results {
		if err == nil {
			sold++
			continue
		}
		wantProblem(t, err, http.StatusConflict, "out_of_stock")
	}
	if sold != 1 || available(t, sku) != 0 {
		t.Errorf("sold %d, %d left; want 1 and 0", sold, available(t, sku))
	}
}

func TestASlowPaymentIsAcceptedAndConfirmedLater(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	for _, method := range []string{"pm_card_slow", "pm_card_timeout", "pm_card_flaky"} {
		c := customer(t)
		resp, err := c.Send(t.Context(), http.MethodPost, "/v1/orders", checkout(t, c, sku, 1, method), shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
		if err != nil || resp.Status != http.StatusCreated && resp.Status != http.StatusAccepted {
			t.Fatalf("%s: %d %s, %v", method, resp.Status, resp.Body, err)
		}
		if method == "pm_card_slow" && resp.Status != http.StatusAccepted {
			t.Errorf("%s: %d, want 202", method, resp.Status)
		}
		location := resp.Header.Get("Location")
		eventually(t, 40*time.Second, method+" is confirmed", func() bool {
			var order shop.Order
			return c.Do(t.Context(), http.MethodGet, location, nil, &order) == nil && order.Status == "confirmed"
		})
	}
	if left := available(t, sku); left != 1 {
		t.Errorf("%d pieces are left, want 1", left)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 50)
	c := customer(t)
	request := checkout(t, c, sku, 1, "pm_card_visa")
	_, err := c.PlaceOrder(t.Context(), "", request)
	wantProblem(t, err, http.StatusBadRequest, "idempotency_key_missing")

	key := uuid.NewString()
	ids := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			resp, err := c.Send(t.Context(), http.MethodPost, "/v1/orders", request, shop.Header{Name: "Idempotency-Key", Value: key})
			var order shop.Order
			switch {
			case err != nil:
				t.Errorf("place order: %v", err)
			case resp.Status == http.StatusCreated && resp.Decode(&order) == nil:
				mu.Lock()
				ids[order.ID] = true
				mu.Unlock()
			case resp.Status != http.StatusConflict:
				t.Errorf("place order: %d %s", resp.Status, resp.Body)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || available(t, sku) != 49 {
		t.Errorf("%d orders, %d pieces left; want 1 and 49", len(ids), available(t, sku))
	}
	request.PaymentMethod = "pm_card_flaky"
	_, err = c.PlaceOrder(t.Context(), key, request)
	wantProblem(t, err, http.StatusUnprocessableEntity, "idempotency_key_reused")
}

func TestThePriceIsTheCatalogs(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 5)
	c := customer(t)
	request := checkout(t, c, sku, 1, "pm_card_visa")
	request.ExpectedTotal = &shop.Money{Amount: 1, Currency: "GBP"}
	_, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusConflict, "price_changed")
	if left := available(t, sku); left != 5 {
		t.Errorf("%d pieces are left, want 5", left)
	}
}

func TestAnEmptyCartAndBadChoicesAreRefused(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 5)
	c := customer(t)
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := shop.Checkout{CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa"}
	_, err = c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusConflict, "cart_empty")

	request = checkout(t, c, sku, 1, "pm_card_visa")
	for name, edit := range map[string]func(*shop.Checkout){
		"shipping_option":          func(r *shop.Checkout) { r.ShippingOption = "world-express" },
		"shipping_address.country": func(r *shop.Checkout) { a := leeds; a.Country = "ZZ"; r.ShippingAddress = &a },
		"payment_method":           func(r *shop.Checkout) { r.PaymentMethod = "pm\n" },
	} {
		bad := request
		edit(&bad)
		_, err := c.PlaceOrder(t.Context(), uuid.NewString(), bad)
		if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); problem.Errors[0].Field != name {
			t.Errorf("errors = %+v, want %s", problem.Errors, name)
		}
	}
	request.CartID = uuid.NewString()
	_, err = c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}
