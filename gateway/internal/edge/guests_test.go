package edge

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
)

// guestOrder is a checkout of somebody without an account.
func guestOrder(email string) asked {
	return asked{
		method: "POST", path: "/v1/orders", header: map[string]string{"Idempotency-Key": "k"},
		body: `{"cart_id": "c1", "shipping_option": "standard", "payment_method": "pm_card_visa", "email": "` + email + `",
			"shipping_address": {"name": "Ada", "line1": "1 Market Street", "city": "Leeds", "postal_code": "LS1 6DT", "country": "GB"}}`,
	}
}

func TestOrdersOfGuestsAreLimitedByTheirNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 1, func(i int) asked { return guestOrder(fmt.Sprintf("ada%d@example.com", i)) }); n != 10 {
			t.Errorf("%d passed at once, want 10", n)
		}
		g.ask(t, asked{method: "GET", path: "/v1/products"}).mustPass(t)
	})
}

func TestOrdersOfGuestsAreLimitedByTheirEmail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		if n := g.admitted(t, 60, everywhere(guestOrder("ada@example.com"))); n != 10 {
			t.Errorf("%d passed at once, want 10", n)
		}
		another := guestOrder("Ada@Example.com")
		another.from = "203.0.113.1:1000"
		g.ask(t, another).mustBe(t, http.StatusTooManyRequests, "rate_limited", "")
	})
}

func TestLookupsHaveTheLimitsOfMails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := limited(t)
		lookup := asked{method: "POST", path: "/v1/order-lookups", body: `{"number": "S-7K3M9QX2", "email": "ada@example.com"}`}
		if n := g.admitted(t, 300, everywhere(lookup)); n != 10 {
			t.Errorf("%d passed at once, want 10", n)
		}
	})
}
