// Package observe tests what watches the shop: on a whole shop with a real Prometheus and a real Jaeger beside it, each query of each
// dashboard has data, and alerts fire when their causes are brought about.
package observe

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

const (
	password      = "correct horse battery"
	webhookSecret = "the simulated network's secret"
	webhookPath   = "/v1/webhooks/payments/simulator"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// watched is a shop with Prometheus and Jaeger beside it.
type watched struct {
	*testshop.Shop
	prometheus prometheus
	staff      *shop.Client
}

// open starts a shop that is observed, with more settings.
func open(t *testing.T, env ...string) *watched {
	t.Helper()
	cfg := stack.Config{
		Observe: true, Replicas: map[string]int{"orders": 2},
		Env: append([]string{
			"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s", "SOUK_AUDIT_EVERY=5s",
			"SOUK_PAYMENTS_SIMULATOR_WEBHOOK_SECRET=" + webhookSecret,
		}, env...),
	}
	s, stop, err := testshop.Start(context.WithoutCancel(t.Context()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	w := &watched{Shop: s, prometheus: prometheus{url: "http://" + s.PrometheusAddr()}}
	if w.staff, _, err = shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword()); err != nil {
		t.Fatal(err)
	}
	return w
}

// customer opens an account.
func (w *watched) customer(t *testing.T) *shop.Client {
	t.Helper()
	c, _, err := shop.New(w.URL()).Register(t.Context(), uuid.NewString()+"@example.com", password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stocked makes a product and returns its SKU.
func (w *watched) stocked(t *testing.T) string {
	t.Helper()
	sku := "T-" + strings.ToUpper(uuid.NewString()[:13])
	w.do(t, w.staff, "POST", "/v1/products", map[string]any{
		"title": "Thing " + sku, "category": "Things", "brand": "Tester",
		"variants": []any{map[string]any{"sku": sku, "price": shop.Money{Amount: 500, Currency: "GBP"}, "weight_grams": 250}},
	})
	if _, err := w.staff.Adjust(t.Context(), sku, 1000, "test"); err != nil {
		t.Fatal(err)
	}
	return sku
}

// do sends a request that must succeed.
func (w *watched) do(t *testing.T, c *shop.Client, method, path string, body any, headers ...shop.Header) {
	t.Helper()
	if err := c.Do(t.Context(), method, path, body, nil, headers...); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// checkout puts a piece into the customer's cart and returns what buys it.
func (w *watched) checkout(t *testing.T, c *shop.Client, sku, method string) shop.Checkout {
	t.Helper()
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), cart.ID, sku, 1); err != nil {
		t.Fatal(err)
	}
	return shop.Checkout{CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: method}
}

// buy places an order that is confirmed.
func (w *watched) buy(t *testing.T, c *shop.Client, sku, method string) shop.Order {
	t.Helper()
	order, err := c.PlaceOrder(t.Context(), uuid.NewString(), w.checkout(t, c, sku, method))
	if err != nil || order.Status != "confirmed" {
		t.Fatalf("order %s is %q: %v", order.ID, order.Status, err)
	}
	return order
}

// dispatch has an order sent, which takes its money.
func (w *watched) dispatch(t *testing.T, order shop.Order) {
	t.Helper()
	w.do(t, w.staff, "POST", "/v1/admin/orders/"+order.ID+"/dispatch", nil)
}

// refund pays a pound of an order back.
func (w *watched) refund(t *testing.T, order shop.Order) {
	t.Helper()
	body := map[string]any{"amount": shop.Money{Amount: 100, Currency: "GBP"}, "reason": "goodwill"}
	w.do(t, w.staff, "POST", "/v1/admin/orders/"+order.ID+"/refunds", body, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
}

// await waits until condition holds.
func await(t *testing.T, within time.Duration, condition func(context.Context) error) {
	t.Helper()
	if err := poll.Until(t.Context(), within, condition); err != nil {
		t.Fatal(err)
	}
}
