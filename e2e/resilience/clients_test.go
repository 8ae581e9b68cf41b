package resilience

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

const password = "correct horse battery"

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// person is somebody who uses the shop.
type person struct {
	*shop.Client
	email, password string
}

func (p *person) credentials() map[string]string {
	return map[string]string{"email": p.email, "password": p.password}
}

func (p *person) do(method, path string, body any) request {
	return request{by: p.Client, method: method, path: path, body: body}
}

func (p *person) get(path string) request {
	return request{by: p.Client, method: http.MethodGet, path: path, again: true}
}

// logIn gives the person a token with all of its time ahead.
func (p *person) logIn(ctx context.Context) error {
	var session shop.Session
	in := request{by: p.Client, method: http.MethodPost, path: "/v1/sessions", body: p.credentials()}
	if err := in.must(ctx, &session); err != nil {
		return err
	}
	p.Client = p.As(session.AccessToken)
	return nil
}

// clients are the customers and the staff who make the journeys, and what they need for them.
type clients struct {
	anyone, reader, buyer, staff *person

	cartID, guestCartID string
	sentID              string // an order of the reader's that has parcels

	// What a row uses up.
	checkout         request
	toCancel, toSend string

	fresh map[string]*shop.Response // by request, what is answered when all is well
}

// newClients opens the accounts, and makes what only needs to be there once.
func newClients(ctx context.Context, p *proxiedShop) (*clients, error) {
	c := &clients{
		anyone: &person{Client: p.anyone}, staff: &person{p.anyone, p.StaffEmail(), p.StaffPassword()}, fresh: map[string]*shop.Response{},
	}
	for _, who := range []**person{&c.reader, &c.buyer} {
		*who = &person{p.anyone, uuid.NewString() + "@example.com", password}
		if _, _, err := p.anyone.Register(ctx, (*who).email, password, "Ada Shopper"); err != nil {
			return nil, err
		}
	}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	if err := c.reader.do(http.MethodPost, "/v1/me/addresses", leeds).must(ctx, nil); err != nil {
		return nil, err
	}
	var err error
	if c.sentID, err = c.buy(ctx, c.reader); err != nil {
		return nil, err
	}
	if err := c.staff.do(http.MethodPost, "/v1/admin/orders/"+c.sentID+"/dispatch", nil).must(ctx, nil); err != nil {
		return nil, err
	}
	if err := c.await(ctx, c.sentID, "delivered"); err != nil {
		return nil, err
	}
	if c.cartID, err = c.fillCart(ctx, c.reader); err != nil {
		return nil, err
	}
	if c.guestCartID, err = c.fillCart(ctx, c.anyone); err != nil {
		return nil, err
	}
	if err := c.buyTogether(ctx); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx); err != nil { // the buyer's cart is empty now
		return nil, err
	}
	return c, c.recordAnswers(ctx)
}

// recommendations is the page of what was bought with kettle 1.
const recommendations = "/v1/products/kettle-1/recommendations"

// buyTogether buys kettle 1 with another one, and waits until that is recommended.
func (c *clients) buyTogether(ctx context.Context) error {
	cartID, err := c.fillCart(ctx, c.buyer)
	if err != nil {
		return err
	}
	err = c.buyer.do(http.MethodPut, "/v1/carts/"+cartID+"/items/R-2", map[string]int{"quantity": 1}).must(ctx, nil)
	if err != nil {
		return err
	}
	if err := c.checkoutOf(c.buyer, cartID).must(ctx, nil); err != nil {
		return err
	}
	return poll.Until(ctx, healsWithin, func(ctx context.Context) error {
		var list struct{ Items []shop.Product }
		if err := c.anyone.get(recommendations).must(ctx, &list); err != nil || len(list.Items) == 1 {
			return err
		}
		return fmt.Errorf("recommended: %v", list.Items)
	})
}

// prepare makes what a row uses up.
func (c *clients) prepare(ctx context.Context) error {
	for _, p := range []*person{c.reader, c.buyer, c.staff} {
		if err := p.logIn(ctx); err != nil {
			return err
		}
	}
	for _, id := range []*string{&c.toCancel, &c.toSend} {
		var err error
		if *id, err = c.buy(ctx, c.buyer); err != nil {
			return err
		}
	}
	cartID, err := c.fillCart(ctx, c.buyer)
	c.checkout = c.checkoutOf(c.buyer, cartID)
	return err
}

func (c *clients) fillCart(ctx context.Context, p *person) (string, error) {
	var cart shop.Cart
	if err := p.do(http.MethodPost, "/v1/carts", nil).must(ctx, &cart); err != nil {
		return "", err
	}
	return cart.ID, p.do(http.MethodPut, "/v1/carts/"+cart.ID+"/items/"+sku, map[string]int{"quantity": 2}).must(ctx, nil)
}

func (c *clients) checkoutOf(p *person, cartID string) request {
	r := p.do(http.MethodPost, "/v1/orders", shop.Checkout{
		CartID: cartID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
	r.key = uuid.NewString()
	return r
}

// buy brings an order to its confirmation.
func (c *clients) buy(ctx context.Context, p *person) (string, error) {
	cartID, err := c.fillCart(ctx, p)
	if err != nil {
		return "", err
	}
	var placed shop.Order
	if err := c.checkoutOf(p, cartID).must(ctx, &placed); err != nil {
		return "", err
	}
	return placed.ID, c.await(ctx, placed.ID, "confirmed")
}

// await waits until an order is at one of the statuses.
func (c *clients) await(ctx context.Context, id string, statuses ...string) error {
	return poll.Until(ctx, healsWithin, func(ctx context.Context) error {
		for _, p := range []*person{c.buyer, c.reader} {
			got, err := p.get("/v1/orders/" + id).send(ctx)
			if err != nil {
				return err
			}
			var o shop.Order
			if got.Status == http.StatusOK && got.Decode(&o) == nil && slices.Contains(statuses, o.Status) {
				return nil
			}
			if got.Status != http.StatusNotFound {
				return fmt.Errorf("order %s is %q, want %q: %d", id, o.Status, statuses, got.Status)
			}
		}
		return fmt.Errorf("order %s is nobody's", id)
	})
}

// constant returns the requests of all journeys that can be made again and again.
func (c *clients) constant() []request {
	var all []request
	for _, j := range journeys {
		for _, r := range j.requests(c) {
			if r.again {
				all = append(all, r)
			}
		}
	}
	return all
}

// recordAnswers keeps what is answered when all is well.
func (c *clients) recordAnswers(ctx context.Context) error {
	for _, r := range c.constant() {
		got, err := r.send(ctx)
		if err != nil {
			return err
		}
		if got.Status >= 300 || got.Header.Get("Warning") != "" {
			return fmt.Errorf("%s: %d %s", r.name(), got.Status, got.Body)
		}
		c.fresh[r.name()] = got.Response
	}
	return nil
}

// A breaker that was open lets this many calls try before it closes, and refuses those that come beside them.
const trials = 3

// well reports in what the shop is not as it was.
func (c *clients) well(ctx context.Context) error {
	for range trials {
		for _, r := range c.constant() {
			got, err := r.send(ctx)
			if err != nil {
				return err
			}
			said, err := got.wordsOf(c.fresh[r.name()])
			if err != nil {
				return fmt.Errorf("%s: %w", r.name(), err)
			}
			if cellOf(said) != works {
				return fmt.Errorf("%s: %q", r.name(), said)
			}
		}
	}
	return nil
}
