package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// filled are guest carts that are ready to be bought. They are filled before an order is measured, because filling a cart is not a
// part of it.
type filled struct {
	mu  sync.Mutex
	ids []string
}

func (f *filled) put(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = append(f.ids, id)
}

// take returns the id of a filled cart and removes it from the list, so that each is taken once. It returns "" for an empty list.
func (f *filled) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ids) == 0 {
		return ""
	}
	id := f.ids[len(f.ids)-1]
	f.ids = f.ids[:len(f.ids)-1]
	return id
}

func (f *filled) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = nil
}

func (f *filled) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ids)
}

// fillCarts fills guest carts until there are so many.
func (s *Shop) fillCarts(ctx context.Context, goods func(*shopper) []string, carts int) error {
	missing := max(0, carts-s.filled.count())
	return s.inTurns(func(p *shopper) error {
		for range (missing + connections - 1) / connections {
			cart, err := p.fillCart(ctx, goods(p)...)
			if err != nil {
				return fmt.Errorf("fill a cart: %w", err)
			}
			s.filled.put(cart)
		}
		return nil
	})
}

// inTurns has the shoppers of the closed loop do something beside each other.
func (s *Shop) inTurns(do func(*shopper) error) error {
	var group errgroup.Group
	for _, p := range s.shoppers[:connections] {
		group.Go(func() error { return do(p) })
	}
	return group.Wait()
}

// probed is how many carts are bought to learn how fast the shop is.
const probed = 4 * connections

// orderRate buys some carts and returns how many the shop sells in a second.
func (s *Shop) orderRate(ctx context.Context, goods func(*shopper) []string) (float64, error) {
	if err := s.fillCarts(ctx, goods, probed); err != nil {
		return 0, err
	}
	carts := s.filled.count()
	start := time.Now()
	err := s.inTurns(func(p *shopper) error {
		for {
			if err := p.orderFilled(ctx); errors.Is(err, errNoCarts) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	return float64(carts) / time.Since(start).Seconds(), err
}

// fillCarts fills twice as many carts as the scenario will take in the closed loop, by how many it takes now. Those that
// another scenario has left are forgotten, because they hold other goods.
func (b *Bench) fillCarts(ctx context.Context, s Scenario) error {
	b.Shop.filled.forget()
	rate, err := b.Shop.orderRate(ctx, s.goods)
	if err != nil {
		return err
	}
	return b.Shop.fillCarts(ctx, s.goods, int(2*rate*(b.Plan.WarmUp+b.Plan.Length).Seconds())+probed)
}
