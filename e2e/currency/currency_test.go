// Package currency tests a shop that sells in another currency than pounds, with no decimals or with three.
package currency

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// In Shopify's format; prices are decimals of the shop's currency.
const products = "Handle,Title,Published,Variant SKU,Variant Grams,Variant Price,Variant Inventory Qty\nmug,Mug,true,MUG,400,%s,5\n"

func TestAnOrderFromImportToRefund(t *testing.T) {
	for _, test := range []struct {
		currency, price string
		minor           int64
		tooExact        string
	}{
		{"JPY", "1250", 1250, "1250.5"},
		{"KWD", "1.255", 1255, "1.2555"},
	} {
		t.Run(test.currency, func(t *testing.T) {
			url, staff := start(t, test.currency)
			refused, err := staff.Import(t.Context(), fmt.Appendf(nil, products, test.tooExact))
			if err != nil || len(refused.Errors) != 1 || refused.Created != 0 {
				t.Errorf("a price of %s: %+v, %v", test.tooExact, refused, err)
			}
			if imported, err := staff.Import(t.Context(), fmt.Appendf(nil, products, test.price)); err != nil || imported.Created != 1 {
				t.Fatalf("import: %+v, %v", imported, err)
			}
			buyAndReturn(t, url, staff, shop.Money{Amount: test.minor, Currency: test.currency})
		})
	}
}

func buyAndReturn(t *testing.T, url string, staff *shop.Client, price shop.Money) {
	t.Helper()
	order, c := buy(t, url)
	times := func(n int64) shop.Money { return shop.Money{Amount: n * price.Amount, Currency: price.Currency} }
	if order.Lines[0].UnitPrice != price || order.Totals.Subtotal != times(3) {
		t.Errorf("3 at %v come to %v", order.Lines[0].UnitPrice, order.Totals.Subtotal)
	}
	must(t, staff.Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil))
	order = await(t, c, order.ID)
	granted, err := c.RequestReturn(t.Context(), order.ID, shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: "MUG", Quantity: 2}}, Reason: "chipped"})
	must(t, err)
	must(t, staff.Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+granted.ID+"/receive", nil, nil))
	kindness := map[string]any{"amount": shop.Money{Amount: 7, Currency: price.Currency}, "reason": "kindness"}
	must(t, staff.Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/refunds", kindness, nil, shop.Header{Name: "Idempotency-Key", Value: "k"}))
	order, err = c.Order(t.Context(), order.ID)
	must(t, err)
	want := shop.Money{Amount: 2*price.Amount + 7, Currency: price.Currency}
	if order.Payment.Captured != order.Totals.Total || order.Payment.Refunded != want {
		t.Errorf("captured %v of %v, refunded %v, want %v", order.Payment.Captured, order.Totals.Total, order.Payment.Refunded, want)
	}
}

// start starts a shop that sells in currency, and logs staff in.
func start(t *testing.T, currency string) (url string, staff *shop.Client) {
	t.Helper()
	s, stop, err := testshop.Start(context.WithoutCancel(t.Context()), stack.Config{Env: []string{
		"SOUK_CURRENCY=" + currency, "SOUK_SHIPPING_TRANSIT=1s", "SOUK_RATE_LIMITS=off",
	}})
	must(t, err)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	staff, _, err = shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	must(t, err)
	return s.URL(), staff
}

func buy(t *testing.T, url string) (shop.Order, *shop.Client) {
	t.Helper()
	c, _, err := shop.New(url).Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada")
	must(t, err)
	cart, err := c.OpenCart(t.Context())
	must(t, err)
	cart, err = c.Put(t.Context(), cart.ID, "MUG", 3)
	must(t, err)
	to := shop.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	quote, err := c.Quote(t.Context(), cart.ID, to)
	must(t, err)
	total := shop.Money{Amount: cart.Subtotal.Amount + quote.Options[0].Price.Amount, Currency: cart.Subtotal.Currency}
	order, err := c.PlaceOrder(t.Context(), "key", shop.Checkout{
		CartID: cart.ID, ShippingAddress: &to, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa", ExpectedTotal: &total,
	})
	must(t, err)
	return order, c
}

// await waits until an order is delivered.
func await(t *testing.T, c *shop.Client, id string) shop.Order {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		order, err := c.Order(t.Context(), id)
		must(t, err)
		if order.Status == "delivered" {
			return order
		}
		select {
		case <-deadline:
			t.Fatalf("order is still %s", order.Status)
		case <-tick.C:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
