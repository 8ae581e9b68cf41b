package resilience

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

// request is something that somebody asks of the shop.
type request struct {
	by           *shop.Client
	method, path string
	body         any
	key          string // its Idempotency-Key, if it has one
	// again says that the answer is the same whenever it is asked while all is well.
	again bool
}

func (r request) send(ctx context.Context) (answer, error) {
	start := time.Now()
	resp, err := r.by.Send(ctx, r.method, r.path, r.body, shop.Header{Name: "Idempotency-Key", Value: r.key})
	return answer{resp, time.Since(start)}, err
}

func (r request) name() string { return r.method + " " + r.path }

// must sends the request until it is answered well, and decodes the answer unless out is nil.
func (r request) must(ctx context.Context, out any) error {
	return poll.Until(ctx, healsWithin, func(ctx context.Context) error {
		got, err := r.send(ctx)
		if err != nil {
			return err
		}
		if got.Status >= 300 {
			return fmt.Errorf("%s: %d %s", r.name(), got.Status, got.Body)
		}
		if out == nil {
			return nil
		}
		return got.Decode(out)
	})
}

// journey is something that a shopper or a member of staff does: a column of the table.
type journey struct {
	name     string
	requests func(*clients) []request
	// copied says that the gateway may answer from its copy, for a moment after the owner of the data does not answer any more.
	copied bool
	// settle waits, once all is well again, for what the answer promised.
	settle func(context.Context, *clients, request, answer, string) error
}

var journeys = []journey{
	{name: "browse", copied: true, requests: func(c *clients) []request {
		return []request{
			c.anyone.get("/v1/products?facets=true"), c.anyone.get("/v1/products?q=kettle"), c.anyone.get("/v1/products/kettle-1"), c.anyone.get("/v1/categories"),
			c.anyone.get(recommendations),
		}
	}},
	{name: "sign in", requests: func(c *clients) []request {
		return []request{{by: c.anyone.Client, method: http.MethodPost, path: "/v1/sessions", body: c.reader.credentials()}}
	}},
	{name: "account", requests: func(c *clients) []request {
		return []request{c.reader.get("/v1/me"), c.reader.get("/v1/me/addresses")}
	}},
	{name: "cart", copied: true, requests: func(c *clients) []request { return []request{c.reader.get("/v1/carts/" + c.cartID)} }},
	{name: "put in cart", copied: true, requests: func(c *clients) []request {
		put := c.anyone.do(http.MethodPut, "/v1/carts/"+c.guestCartID+"/items/"+sku, map[string]int{"quantity": 2})
		put.again = true
		return []request{put}
	}},
	{name: "quote", copied: true, requests: func(c *clients) []request {
		quote := c.reader.do(http.MethodPost, "/v1/shipping-quotes", map[string]any{
			"cart_id": c.cartID, "address": map[string]string{"country": "GB", "postal_code": "LS1 6DT"},
		})
		quote.again = true
		return []request{quote}
	}},
	{name: "checkout", requests: func(c *clients) []request { return []request{c.checkout} }, settle: settleCheckout},
	{name: "orders", requests: func(c *clients) []request {
		return []request{c.reader.get("/v1/orders"), c.reader.get("/v1/orders/" + c.sentID)}
	}},
	{name: "cancel", requests: func(c *clients) []request {
		return []request{c.buyer.do(http.MethodPost, "/v1/orders/"+c.toCancel+"/cancellation", nil)}
	}, settle: settleDecision("cancelled")},
	{name: "stock", requests: func(c *clients) []request {
		return []request{
			c.staff.get("/v1/inventory/R-7"),
			c.staff.do(http.MethodPost, "/v1/inventory/R-6/adjustments", map[string]any{"delta": 1, "reason": "found"}),
		}
	}},
	{name: "dispatch", requests: func(c *clients) []request {
		return []request{c.staff.do(http.MethodPost, "/v1/admin/orders/"+c.toSend+"/dispatch", nil)}
	}, settle: settleDecision("fulfilled", "delivered")},
}

// settleCheckout waits for the order to come to its end: by itself when it was told of as pending, or else by asking again
// under the same key, which nothing was bought under.
func settleCheckout(ctx context.Context, c *clients, asked request, got answer, _ string) error {
	if got.Status >= 300 {
		var placed shop.Order
		if err := asked.must(ctx, &placed); err != nil {
			return fmt.Errorf("the same key again: %w", err)
		}
		return c.await(ctx, placed.ID, "confirmed")
	}
	var placed shop.Order
	if err := got.Decode(&placed); err != nil {
		return err
	}
	if got.Status == http.StatusAccepted && got.Header.Get("Location") != "/v1/orders/"+placed.ID {
		return fmt.Errorf("Location %q of order %s", got.Header.Get("Location"), placed.ID)
	}
	return c.await(ctx, placed.ID, "confirmed")
}

// settleDecision waits for an order to get to a status: by itself where the table says later, or else by asking again.
func settleDecision(statuses ...string) func(context.Context, *clients, request, answer, string) error {
	return func(ctx context.Context, c *clients, asked request, got answer, cell string) error {
		if got.Status >= 300 && cell != later {
			if err := asked.must(ctx, nil); err != nil {
				return fmt.Errorf("once more: %w", err)
			}
		}
		id := c.toCancel
		if statuses[0] != "cancelled" {
			id = c.toSend
		}
		return c.await(ctx, id, statuses...)
	}
}

// outcome is what came of a journey.
type outcome struct {
	requests []request
	answers  []answer
	cell     string        // what the table should say
	took     time.Duration // the slowest answer
	// ofTheCopy says that the gateway may still have shown its copy, in which case some of it works.
	ofTheCopy bool
	err       error
}

// run makes the journey, all of its requests at once; one that is made again only if all of them can be.
func (j journey) run(ctx context.Context, c *clients, again bool) *outcome {
	o := &outcome{requests: j.requests(c)}
	if again && slices.ContainsFunc(o.requests, func(r request) bool { return !r.again }) {
		return &outcome{}
	}
	o.answers = make([]answer, len(o.requests))
	errs := make([]error, len(o.requests))
	var asking sync.WaitGroup
	for i, r := range o.requests {
		asking.Go(func() { o.answers[i], errs[i] = r.send(ctx) })
	}
	asking.Wait()
	var all []string
	for i, got := range o.answers {
		var said []string
		if errs[i] == nil {
			said, errs[i] = got.wordsOf(c.fresh[o.requests[i].name()])
			o.took = max(o.took, got.took)
		}
		if errs[i] != nil && o.err == nil {
			o.err = fmt.Errorf("%s: %w", o.requests[i].name(), errs[i])
		}
		all = append(all, said...)
	}
	o.cell = cellOf(all)
	return o
}

// settle waits for what the journey's answer promised.
func (o *outcome) settle(ctx context.Context, c *clients, j journey, cell string) {
	if j.settle == nil || o.err != nil {
		return
	}
	if err := j.settle(ctx, c, o.requests[0], o.answers[0], cell); err != nil {
		o.err = fmt.Errorf("afterwards: %w", err)
	}
}

// early returns o, of a journey that was made as soon as the fault was injected.
func (o *outcome) early(j journey) *outcome {
	o.ofTheCopy = j.copied
	return o
}

// matches reports whether the table says what came of the journey. Whether what is unavailable now happens later, only the
// time after shows; and what answers with errors is soon not asked any more.
func (o *outcome) matches(cell string) bool {
	if o.ofTheCopy && (o.cell == works || strings.Contains(cell, o.cell)) {
		return true
	}
	switch cell {
	case later:
		return o.cell == unavailable
	case failed:
		return slices.Contains([]string{unavailable, failed, cellOf([]string{unavailable, failed})}, o.cell)
	default:
		return o.cell == cell
	}
}
