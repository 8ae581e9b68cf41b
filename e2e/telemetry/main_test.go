// Package telemetry tests what the shop's processes tell of themselves: traces, at a real Jaeger, metrics and logs.
package telemetry

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

const (
	sku      = "MUG"
	password = "correct horse battery"
	// collected is how long after its end a span is at Jaeger.
	collected = 30 * time.Second
)

var home = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// observed is a shop with Jaeger and Prometheus beside it. It sells mugs.
type observed struct {
	*testshop.Shop
	staff *shop.Client
}

func open(t *testing.T, env ...string) *observed {
	t.Helper()
	s, stop, err := testshop.Start(context.WithoutCancel(t.Context()), stack.Config{
		Observe: true, Replicas: map[string]int{"orders": 2},
		Env: append([]string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s", "SOUK_PAYMENTS_SIMULATOR_DAY=1s"}, env...),
	})
	must(t, err)
	t.Cleanup(func() { must(t, stop()) })
	staff, _, err := shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	must(t, err)
	product := map[string]any{"title": "Mug", "variants": []any{map[string]any{
		"sku": sku, "price": shop.Money{Amount: 1250, Currency: "GBP"}, "weight_grams": 400,
	}}}
	must(t, staff.Do(t.Context(), http.MethodPost, "/v1/products", product, nil))
	_, err = staff.Adjust(t.Context(), sku, 1_000_000, "test")
	must(t, err)
	return &observed{s, staff}
}

// checkout returns a new customer with a mug in the cart, and the order to place.
func (o *observed) checkout(t *testing.T, method string) (*shop.Client, shop.Checkout) {
	t.Helper()
	customer, _, err := shop.New(o.URL()).Register(t.Context(), uuid.NewString()+"@example.com", password, "Ada")
	must(t, err)
	cart, err := customer.OpenCart(t.Context())
	must(t, err)
	_, err = customer.Put(t.Context(), cart.ID, sku, 1)
	must(t, err)
	return customer, shop.Checkout{CartID: cart.ID, ShippingAddress: &home, ShippingOption: "royal-standard", PaymentMethod: method}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, within time.Duration, condition func(context.Context) error) {
	t.Helper()
	must(t, poll.Until(t.Context(), within, condition))
}
