package resilience

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	"souk/e2e/faultproxy"
)

const (
	quote      = "/souk.shipping.v1.ShippingService/Quote"
	placeOrder = "/souk.orders.v1.OrdersService/PlaceOrder"
	// Attempts for each request, at most.
	attempts = 1.2
)

// Checkouts go through two callers that try again, one behind the other: the gateway calls orders, which calls shipping.
func TestRetriesDoNotMakeAFailureAStorm(t *testing.T) {
	p := openShop(t)
	c, err := newClients(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	lasts := 5 * time.Second
	if full() {
		lasts = 30 * time.Second
	}
	before := []int{p.proxy("shipping").Calls()[quote], p.proxy("orders").Calls()[placeOrder]}
	p.proxy("shipping").Respond(faultproxy.Fail(codes.Unavailable))
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	sent := send(ctx, perSecond, func(int) request {
		r := c.checkout
		r.key = uuid.NewString() // another shopper, for all that orders knows
		return r
	})
	p.proxy("shipping").Respond(nil)
	if sent.err != nil {
		t.Fatal(sent.err)
	}
	requests := len(sent.took)
	quotes, orders := p.proxy("shipping").Calls()[quote]-before[0], p.proxy("orders").Calls()[placeOrder]-before[1]
	t.Logf("measured: %d checkouts in %v (answered %v) made %d attempts at orders and %d at shipping, which failed", requests, lasts, sent.status, orders, quotes)
	if sent.status[http.StatusServiceUnavailable] != requests {
		t.Errorf("answered %v, want 503 alone", sent.status)
	}
	if quotes == 0 || float64(quotes) > attempts*float64(requests) || float64(orders) > attempts*float64(requests) {
		t.Errorf("%d requests made %d attempts at orders and %d at shipping, want some and no more than %.1f times as many", requests, orders, quotes, attempts)
	}
	if err := c.checkout.must(t.Context(), nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
