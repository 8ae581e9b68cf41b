package restore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

const password = "correct horse battery"

var (
	skus  = []string{"R-1", "R-2", "R-3", "R-4", "R-5", "R-6"}
	leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
)

// fill puts products on sale, and returns staff's client.
func fill(ctx context.Context, s *testshop.Shop) (*shop.Client, error) {
	staff, _, err := shop.New(s.URL()).Login(ctx, s.StaffEmail(), s.StaffPassword())
	if err != nil {
		return nil, err
	}
	return staff, staff.Sell(ctx, skus, 5000)
}

// later is how many orders a shopper places before it goes on with one, so that the dumps of some services come before that, and those of
// others after it.
const later = 5

// shopper places orders, and later has each cancelled, dispatched, refunded or sent back, or leaves it alone.
type shopper struct {
	client, staff *shop.Client
	random        *rand.Rand
}

// shoppers shop until the function that is returned is called, which returns their errors.
func shoppers(ctx context.Context, s *testshop.Shop, staff *shop.Client, n int) (stop func() error, err error) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		client, _, err := shop.New(s.URL()).Register(ctx, fmt.Sprintf("shopper-%d@example.com", i), password, "Ada")
		if err != nil {
			return nil, err
		}
		one := shopper{client: client, staff: staff, random: rand.New(rand.NewPCG(uint64(i), 1))}
		wg.Go(func() { errs[i] = one.shop(ctx, done) })
	}
	return func() error {
		close(done)
		wg.Wait()
		return errors.Join(errs...)
	}, nil
}

func (s shopper) shop(ctx context.Context, done <-chan struct{}) error {
	var open []shop.Order
	for {
		select {
		case <-done:
			return nil
		default:
		}
		placed, err := s.buy(ctx)
		if err != nil {
			return err
		}
		if open = append(open, placed); len(open) <= later {
			continue
		}
		if err := s.goOn(ctx, open[0]); err != nil {
			return err
		}
		open = open[1:]
	}
}

func (s shopper) buy(ctx context.Context) (shop.Order, error) {
	cart, err := s.client.OpenCart(ctx)
	if err != nil {
		return shop.Order{}, err
	}
	for _, i := range s.random.Perm(len(skus))[:1+s.random.IntN(3)] {
		if _, err := s.client.Put(ctx, cart.ID, skus[i], 1+s.random.Int64N(3)); err != nil {
			return shop.Order{}, err
		}
	}
	return s.client.PlaceOrder(ctx, uuid.NewString(), shop.Checkout{
		CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
}

func (s shopper) goOn(ctx context.Context, placed shop.Order) error {
	draw := s.random.IntN(10)
	switch {
	case draw < 3:
		return s.client.Do(ctx, http.MethodPost, "/v1/orders/"+placed.ID+"/cancellation", nil, nil)
	case draw < 5:
		return nil
	}
	if err := s.staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+placed.ID+"/dispatch", nil, nil); err != nil {
		return err
	}
	switch {
	case draw < 7:
		refund := map[string]any{"amount": shop.Money{Amount: 100, Currency: "GBP"}, "reason": "a scratch"}
		return s.staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+placed.ID+"/refunds", refund, nil,
			shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()})
	case draw < 8:
		return s.sendBack(ctx, placed)
	default:
		return nil
	}
}

// sendBack returns a piece of an order once it is delivered.
func (s shopper) sendBack(ctx context.Context, placed shop.Order) error {
	err := poll.Until(ctx, 20*time.Second, func(ctx context.Context) error {
		o, err := s.client.Order(ctx, placed.ID)
		if err == nil && o.Status != "delivered" {
			err = fmt.Errorf("order %s is %s", o.ID, o.Status)
		}
		return err
	})
	if err != nil {
		return err
	}
	granted, err := s.client.RequestReturn(ctx, placed.ID, shop.ReturnRequest{
		Lines: []shop.ReturnLine{{SKU: placed.Lines[0].SKU, Quantity: 1}}, Reason: "not my color",
	})
	if err != nil {
		return err
	}
	return s.staff.Do(ctx, http.MethodPost, "/v1/admin/returns/"+granted.ID+"/receive", nil, nil)
}
