package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"souk/platform/idempotency"
	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
	"souk/services/orders/internal/saga"
)

// shopper is a customer.
type shopper struct {
	*person
	id, cart string
	follow   func(order.View) // what else becomes of a placed order
}

// purchase is the use of one idempotency key.
type purchase struct {
	request checkout.PlaceRequest
	mu      sync.Mutex
	open    bool // an order may exist
}

// shopUntilDone buys a few times, and sometimes the same cart in two tabs, each with a key of its own.
func (s *shopper) shopUntilDone() {
	for n := range 1 + s.dice("purchases").IntN(2) {
		s.pause(0, 5*time.Second)
		s.fill()
		key := fmt.Sprintf("%s key %d", s.name, n+1)
		var tab sync.WaitGroup
		if s.dice("other tab").chance(0.3) {
			other := *s
			other.person = s.shop.person(key + " other tab")
			tab.Go(func() { other.buy(key + " in the other tab") })
		}
		s.buy(key)
		tab.Wait()
	}
}

// fill puts one or two SKUs in the cart.
func (s *shopper) fill() {
	d := s.dice("fill")
	s.shop.mu.Lock()
	defer s.shop.mu.Unlock()
	for range 1 + d.IntN(2) {
		s.shop.Carts.Set(s.cart, order.Item{SKU: one(d, skus...), Quantity: 1 + d.Int64N(2)})
	}
}

// buy tries to buy what is in the cart, again and again with the same key, and sometimes in two tabs at once.
func (s *shopper) buy(key string) {
	d := s.dice("buy")
	p := &purchase{request: checkout.PlaceRequest{
		CustomerID: s.id, IdempotencyKey: key, CartID: s.cart, AddressID: addressID, ShippingOption: shippingOption,
		PaymentMethod: one(d, peerstest.MethodVisa, peerstest.MethodVisa, peerstest.MethodVisa, peerstest.MethodDeclined, peerstest.MethodTimeout),
	}}
	if d.chance(0.1) {
		p.request.ExpectedTotal = &money.Money{Amount: 1, Currency: currency}
	}
	var tabs sync.WaitGroup
	defer s.checkRefused(p)
	defer tabs.Wait()
	var placed *order.View
	for try := range 8 {
		if d.chance(0.15) {
			other := s.shop.person(fmt.Sprintf("%s tab %d", key, try))
			tabs.Go(func() { _, _ = s.place(other, p) })
		}
		o, err := s.place(s.person, p)
		switch {
		case err == nil && placed == nil:
			placed = &o
			s.follow(o)
		case refused(err) && !mayPass(err):
			return
		}
		if placed != nil && !d.chance(0.3) || d.chance(0.05) { // satisfied, or gone for good
			return
		}
		s.pause(200*time.Millisecond, 4*time.Second)
	}
}

// mayPass reports whether the same request may succeed later.
func mayPass(err error) bool {
	var claimed *checkout.CartBeingOrderedError
	return errors.Is(err, saga.ErrUnavailable) || errors.As(err, &claimed)
}

// place sends the request once.
func (s *shopper) place(who *person, p *purchase) (order.View, error) {
	placement, err := ask(who, who.replica(), "place order", func(ctx context.Context, service *orders.Service) (checkout.Placement, error) {
		return service.PlaceOrder(ctx, p.request)
	})
	if err == nil {
		s.shop.promised(p.request.IdempotencyKey, placement.Order, true)
	}
	if !refused(err) {
		p.mu.Lock()
		p.open = true
		p.mu.Unlock()
	}
	return placement.Order, err
}

// checkRefused holds the shop to its refusals: if there was nothing else, there is no order.
func (s *shopper) checkRefused(p *purchase) {
	s.shop.mu.Lock()
	defer s.shop.mu.Unlock()
	if _, err := s.shop.store.key(idempotency.Request{Caller: s.id, Key: p.request.IdempotencyKey}); !p.open && err == nil {
		s.shop.broken("%s was only ever refused, but has an order", p.request.IdempotencyKey)
	}
}
