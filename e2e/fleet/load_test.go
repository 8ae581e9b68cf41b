package fleet

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

const (
	shoppers = 4
	// A shopper thinks for this long before each request.
	think = 20 * time.Millisecond
)

// load is shoppers who browse, fill their carts and check out, one request after the other, until it ends.
type load struct {
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	answers answers
}

// newLoad opens an account for each shopper and lets them in.
func newLoad(t *testing.T) *load {
	t.Helper()
	return newLoadOf(t, anyone, shoppers)
}

// newLoadOf is newLoad for so many shoppers, who register with client.
func newLoadOf(t *testing.T, anyone *shop.Client, shoppers int) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	l := &load{stop: cancel}
	everyone := make([]*shopper, shoppers)
	var group errgroup.Group
	for i := range everyone {
		group.Go(func() error {
			client, _, err := anyone.Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada Shopper")
			everyone[i] = &shopper{load: l, number: i, client: client}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, s := range everyone {
		l.done.Go(func() {
			for ctx.Err() == nil {
				s.visit(ctx)
			}
		})
	}
	t.Cleanup(func() { l.end() })
	return l
}

// end waits for the answers that shoppers wait for, and returns all of them.
func (l *load) end() answers {
	l.stop()
	l.done.Wait()
	return l.answers
}

// answered returns how many requests are answered so far.
func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers)
}

// await waits until so many requests that were made after a moment are answered.
func (l *load) await(t *testing.T, after time.Time, requests int) {
	t.Helper()
	until(t, time.Until(after)+time.Minute, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		answered := 0
		for _, a := range slices.Backward(l.answers) {
			if a.began.Before(after) {
				break // in the order that they ended in, which is enough
			}
			answered++
		}
		if answered < requests {
			return fmt.Errorf("%d of %d requests are answered", answered, requests)
		}
		return nil
	})
}

type shopper struct {
	*load
	number int
	client *shop.Client
	visits int
}

// question is what a shopper asks for.
type question struct {
	method, path string
	body         any
	key          string // its Idempotency-Key, if it has one
}

// visit is one way through the shop, to the order.
func (s *shopper) visit(ctx context.Context) {
	sku := skus[(s.number+s.visits)%len(skus)]
	s.visits++
	s.get(ctx, "/v1/products?limit=5", nil)
	s.get(ctx, "/v1/products/"+strings.ToLower(sku), nil)
	s.get(ctx, "/v1/categories", nil)
	var cart shop.Cart
	if !s.ask(ctx, question{method: http.MethodPost, path: "/v1/carts"}, &cart) {
		return
	}
	path := "/v1/carts/" + cart.ID
	put := question{method: http.MethodPut, path: path + "/items/" + sku, body: map[string]int64{"quantity": 1}}
	if !s.ask(ctx, put, nil) {
		return
	}
	s.get(ctx, path, nil)
	s.ask(ctx, question{method: http.MethodPost, path: "/v1/shipping-quotes", body: map[string]any{
		"cart_id": cart.ID, "address": map[string]string{"country": leeds.Country, "postal_code": leeds.PostalCode},
	}}, nil)
	s.buy(ctx, cart.ID)
}

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// buy checks the cart out, every tenth time with a card that is declined, and waits for the order to be decided.
func (s *shopper) buy(ctx context.Context, cartID string) {
	method := "pm_card_visa"
	if s.visits%10 == 0 {
		method = "pm_card_declined"
	}
	var order shop.Order
	s.ask(ctx, question{method: http.MethodPost, path: "/v1/orders", key: uuid.NewString(), body: shop.Checkout{
		CartID: cartID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: method,
	}}, &order)
	for known := order.ID != ""; known; known = order.Status == "pending" {
		if !s.get(ctx, "/v1/orders/"+order.ID, &order) {
			return
		}
	}
}

func (s *shopper) get(ctx context.Context, path string, out any) bool {
	return s.ask(ctx, question{method: http.MethodGet, path: path}, out)
}

// ask keeps what a question is answered, and reports whether there is something in out. Once ctx is done nothing is asked.
func (s *shopper) ask(ctx context.Context, q question, out any) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(think):
	}
	start := time.Now()
	resp, err := s.client.Send(context.WithoutCancel(ctx), q.method, q.path, q.body, shop.Header{Name: "Idempotency-Key", Value: q.key})
	a := answer{shopper: s.number, what: q.method + " " + q.path, safe: q.isSafe(), began: start, ended: time.Now()}
	if err == nil && out != nil && resp.Status < 300 {
		err = resp.Decode(out)
	}
	a.judge(resp, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, a)
	return err == nil && resp.Status < 300
}

// isSafe reports whether the contract allows to do it twice, so that a retry may hide that an instance died.
func (q question) isSafe() bool {
	return q.method != http.MethodPost || q.key != "" || q.path == "/v1/shipping-quotes"
}
