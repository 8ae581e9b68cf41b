package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

// checkoutSpans are spans of a checkout that ends in a confirmed order, from the gateway to the statements of each service.
var checkoutSpans = []string{
	"gateway: POST /v1/orders", "gateway: souk.orders.v1.OrdersService/PlaceOrder",
	"orders: souk.orders.v1.OrdersService/PlaceOrder", "orders: step check out",
	"orders: INSERT orders", "orders: INSERT order_lines", "orders: INSERT cart_claims", "orders: INSERT timeline_entries", "orders: INSERT idempotent_requests",
	"orders: UPDATE orders", "orders: COMMIT",
	"carts: souk.carts.v1.CartsService/GetCart", "carts: SELECT carts", "carts: souk.carts.v1.CartsService/CheckOutCart",
	"catalog: souk.catalog.v1.CatalogService/GetVariants", "catalog: SELECT variants",
	"shipping: souk.shipping.v1.ShippingService/Quote", "shipping: SELECT options",
	"inventory: souk.inventory.v1.InventoryService/Reserve", "inventory: INSERT reservations",
	"payments: souk.payments.v1.PaymentsService/Authorize", "payments: INSERT payments", "payments: UPDATE payments",
	"inventory: souk.inventory.v1.InventoryService/CommitReservation", "inventory: UPDATE reservations",
}

func TestTraces(t *testing.T) {
	o := open(t)
	t.Run("a checkout is one connected trace", o.testCheckout)
	t.Run("an order that another process finishes is in the trace of its checkout", o.testKilled)
	t.Run("what the bank does later is in the trace of the checkout", o.testFeed)
	t.Run("a command of MongoDB is in the trace of its request", o.testMongo)
	t.Run("nothing shows data of customers", o.testCanaries)
}

// place places an order in a new trace, and returns the trace's ID. The answer of the gateway goes on with that trace.
func (o *observed) place(t *testing.T, customer *shop.Client, checkout shop.Checkout, into *shop.Order) (trace string, err error) {
	t.Helper()
	trace, header := newTrace()
	answer, err := customer.Send(t.Context(), http.MethodPost, "/v1/orders", checkout, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()},
		shop.Header{Name: header[0], Value: header[1]})
	if err != nil {
		return trace, err
	}
	if got := answer.Header.Get(header[0]); len(got) != len(header[1]) || got[3:35] != trace || got == header[1] {
		t.Errorf("traceparent %q does not go on with trace %s", got, trace)
	}
	if answer.Status != http.StatusCreated && answer.Status != http.StatusAccepted {
		return trace, fmt.Errorf("status %d: %s", answer.Status, answer.Body)
	}
	return trace, answer.Decode(into)
}

// await waits until an order is as it is waited for.
func await(t *testing.T, customer *shop.Client, id, what string, there func(shop.Order) bool) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) error {
		o, err := customer.Order(ctx, id)
		if err == nil && !there(o) {
			err = fmt.Errorf("not %s yet: %s, %+v", what, o.Status, o.Payment)
		}
		return err
	})
}

// expect waits until a trace has these spans, each below the gateway's. The processes send their spans at different times, so a
// span may come before its parent.
func (o *observed) expect(t *testing.T, trace string, wanted ...string) (spans []span) {
	t.Helper()
	err := poll.Until(t.Context(), collected, func(ctx context.Context) (err error) {
		if spans, err = o.spansOf(ctx, trace); err != nil {
			return err
		}
		return lacks(spans, wanted...)
	})
	if err != nil {
		logSpans(t, spans)
		t.Fatal(err)
	}
	return spans
}

func (o *observed) testCheckout(t *testing.T) {
	customer, checkout := o.checkout(t, "pm_card_visa")
	var order shop.Order
	trace, err := o.place(t, customer, checkout, &order)
	must(t, err)
	if order.Status != "confirmed" {
		t.Fatalf("the order is %s", order.Status)
	}
	spans := o.expect(t, trace, checkoutSpans...)
	eventually(t, collected, func(ctx context.Context) (err error) {
		if spans, err = o.spansOf(ctx, trace); err == nil && len(orphans(spans)) > 0 {
			err = fmt.Errorf("spans without their parent: %v", orphans(spans))
		}
		return err
	})
	t.Logf("measured: a checkout has %d spans", len(spans))
}

// testKilled kills every process of orders after the order was saved, and starts one of them again.
func (o *observed) testKilled(t *testing.T) {
	customer, checkout := o.checkout(t, "pm_card_slow")
	var trace string
	placed := make(chan struct{})
	go func() {
		defer close(placed)
		var order shop.Order
		trace, _ = o.place(t, customer, checkout, &order) // the request fails, because its process is killed
	}()
	var id string
	eventually(t, 20*time.Second, func(ctx context.Context) error {
		var list struct{ Items []shop.Order }
		err := customer.Do(ctx, http.MethodGet, "/v1/orders", nil, &list)
		if err == nil && len(list.Items) == 0 {
			err = errors.New("no order yet")
		}
		if err == nil {
			id = list.Items[0].ID
		}
		return err
	})
	replicas := o.Instances("orders")
	for _, replica := range replicas {
		must(t, o.Kill(replica))
	}
	for _, replica := range replicas {
		must(t, o.Restart(t.Context(), replica))
	}
	<-placed
	await(t, customer, id, "confirmed", func(o shop.Order) bool { return o.Status == "confirmed" })
	spans := o.expect(t, trace, "gateway: POST /v1/orders", "orders: finish order", "orders: step check out",
		"payments: souk.payments.v1.PaymentsService/Authorize", "inventory: souk.inventory.v1.InventoryService/CommitReservation", "orders: UPDATE orders")
	t.Logf("measured: %d spans, %d of them without their parent, because the process that had it was killed", len(spans), len(orphans(spans)))
}

func (o *observed) testFeed(t *testing.T) {
	customer, checkout := o.checkout(t, "pm_card_captured_later")
	var order shop.Order
	trace, err := o.place(t, customer, checkout, &order)
	must(t, err)
	await(t, customer, order.ID, "captured", func(o shop.Order) bool { return o.Payment.Captured.Amount > 0 })
	o.expect(t, trace, "orders: follow payment", "orders: UPDATE orders")
}

func (o *observed) testMongo(t *testing.T) {
	trace, header := newTrace()
	must(t, shop.New(o.URL()).Do(t.Context(), http.MethodPost, "/v1/sessions", map[string]string{"email": o.StaffEmail(), "password": o.StaffPassword()}, nil,
		shop.Header{Name: header[0], Value: header[1]}))
	o.expect(t, trace, "gateway: POST /v1/sessions", "customers: souk.customers.v1.CustomersService/Login", "customers: find customers")
}

func read(resp *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Request.URL.Path, resp.Status)
	}
	return content, err
}
