// Package journey tests the shop as shoppers and staff use it: through the REST API alone, on the real services,
// databases and Consul.
package journey

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

// target is the shop that the tests of this package share; each makes its own products and customers. It is one that
// SOUK_URL, SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD name, such as that of docker compose, or else a new one.
var target struct {
	url, staffEmail, staffPassword string
}

// running is the new one; nil when it is someone else's.
var running *testshop.Shop

const password = "correct horse battery"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the shop:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	if url := os.Getenv("SOUK_URL"); url != "" {
		target.url, target.staffEmail, target.staffPassword = url, os.Getenv("SOUK_STAFF_EMAIL"), os.Getenv("SOUK_STAFF_PASSWORD")
		return shop.Verdict(m.Run()), nil
	}
	ctx := context.Background()
	s, stop, err := testshop.Start(ctx, stack.Config{Env: []string{
		"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=2s", "SOUK_PAYMENTS_SIMULATOR_WEBHOOK_SECRET=" + webhookSecret,
	}})
	if err != nil {
		return 1, err
	}
	running = s
	target.url, target.staffEmail, target.staffPassword = s.URL(), s.StaffEmail(), s.StaffPassword()
	code := shop.Verdict(m.Run())
	return code, stop()
}

// anonymous, customer and staff return clients of the shared shop.
func anonymous() *shop.Client { return shop.New(target.url) }

func customer(t *testing.T) *shop.Client {
	t.Helper()
	client, _, err := anonymous().Register(t.Context(), email(), password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func email() string { return uuid.NewString() + "@example.com" }

func staff(t *testing.T) *shop.Client {
	t.Helper()
	client, _, err := anonymous().Login(t.Context(), target.staffEmail, target.staffPassword)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// stocked makes a product of its own for a test and returns its SKU.
func stocked(t *testing.T, price, pieces int64) string {
	t.Helper()
	sku := "T-" + strings.ToUpper(uuid.NewString()[:13])
	body := map[string]any{
		"title": "Thing " + sku, "category": "Things", "brand": "Tester",
		"variants": []any{map[string]any{"sku": sku, "price": shop.Money{Amount: price, Currency: "GBP"}, "weight_grams": 250}},
	}
	keeper := staff(t)
	if err := keeper.Do(t.Context(), "POST", "/v1/products", body, nil); err != nil {
		t.Fatal(err)
	}
	if pieces > 0 {
		if _, err := keeper.Adjust(t.Context(), sku, pieces, "test"); err != nil {
			t.Fatal(err)
		}
	}
	return sku
}

func available(t *testing.T, sku string) int64 {
	t.Helper()
	level, err := staff(t).Stock(t.Context(), sku)
	if err != nil {
		t.Fatal(err)
	}
	return level.Available
}

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// checkout fills the customer's cart and returns what would buy it.
func checkout(t *testing.T, c *shop.Client, sku string, quantity int64, method string) shop.Checkout {
	t.Helper()
	cart, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), cart.ID, sku, quantity); err != nil {
		t.Fatal(err)
	}
	return shop.Checkout{CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: method}
}

// buy places an order that must be confirmed.
func buy(t *testing.T, c *shop.Client, sku string, quantity int64) shop.Order {
	t.Helper()
	order, err := c.PlaceOrder(t.Context(), uuid.NewString(), checkout(t, c, sku, quantity, "pm_card_visa"))
	if err != nil || order.Status != "confirmed" {
		t.Fatalf("order %s is %q: %v", order.ID, order.Status, err)
	}
	return order
}

// wantProblem fails unless err is a problem with that status and code.
func wantProblem(t *testing.T, err error, status int, code string) {
	t.Helper()
	_ = problemOf(t, err, status, code)
}

// problemOf returns err, which must be a problem with that status and code.
func problemOf(t *testing.T, err error, status int, code string) *shop.Problem {
	t.Helper()
	var problem *shop.Problem
	if !errors.As(err, &problem) || problem.Status != status || problem.Code != code {
		t.Fatalf("err = %v, want %d %s", err, status, code)
	}
	return problem
}

// eventually waits until condition holds.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}
