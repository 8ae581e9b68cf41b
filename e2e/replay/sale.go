package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"souk/platform/postal"

	"souk/e2e/shop"
)

// customerOf returns the invoice's customer; a sale without one is a customer of its own.
func (r *Replay) customerOf(ctx context.Context, invoice Invoice) (*customer, error) {
	name := invoice.Customer
	if name == "" {
		name = "invoice-" + invoice.Number
	}
	r.mu.Lock()
	c := r.customers[name]
	if c == nil {
		c = &customer{account: account{shop: r.Shop, email: fmt.Sprintf("%s.%s@replay.example", name, r.run), password: password}}
		r.customers[name] = c
	}
	r.mu.Unlock()
	c.once.Do(func() { c.err = c.register(ctx, "Customer "+name) })
	return c, c.err
}

// sell has the invoice's customer buy what it sold, and staff dispatch it.
func (r *Replay) sell(ctx context.Context, invoice Invoice) error {
	c, err := r.customerOf(ctx, invoice)
	if err != nil {
		return err
	}
	order, err := r.buy(ctx, c, invoice)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.orders[invoice.Number] = order.ID
	r.mu.Unlock()
	return r.staff.do(ctx, func(staff *shop.Client) error {
		return staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil)
	})
}

func (r *Replay) buy(ctx context.Context, c *customer, invoice Invoice) (order shop.Order, err error) {
	c.cart.Lock()
	defer c.cart.Unlock()
	cart, err := fill(ctx, c, invoice)
	if err != nil {
		return order, err
	}
	to := shop.Address{Name: "Customer", Line1: "1 High Street", City: "Town", Country: cmp.Or(countries[invoice.Country], "GB")}
	to.PostalCode = postal.ExampleCode(to.Country)
	var quote shop.Quote
	if err := c.do(ctx, func(client *shop.Client) (err error) {
		quote, err = client.Quote(ctx, cart.ID, to)
		return err
	}); err != nil {
		return order, err
	}
	err = c.do(ctx, func(client *shop.Client) (err error) {
		order, err = client.PlaceOrder(ctx, "replay-"+r.run+"-"+invoice.Number, shop.Checkout{
			CartID: cart.ID, ShippingAddress: &to, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa",
			ExpectedTotal: &shop.Money{Amount: invoice.Revenue() + quote.Options[0].Price.Amount, Currency: currency},
		})
		return err
	})
	if err != nil {
		return order, err
	}
	return r.await(ctx, c, order.ID, func(o shop.Order) bool { return o.Status != "pending" })
}

// fill puts the invoice's lines in the customer's cart, once what was bought before has left it.
func fill(ctx context.Context, c *customer, invoice Invoice) (cart shop.Cart, err error) {
	err = c.do(ctx, func(client *shop.Client) (err error) {
		cart, err = client.OpenCart(ctx)
		if err == nil && len(cart.Lines) > 0 {
			return errCartNotEmpty
		}
		return err
	})
	for _, line := range invoice.Lines {
		if err != nil {
			return cart, err
		}
		err = c.do(ctx, func(client *shop.Client) error {
			_, err := client.Put(ctx, cart.ID, line.SKU, line.Quantity)
			return err
		})
	}
	return cart, err
}

var errCartNotEmpty = errors.New("the cart still holds what was bought before")

const lookEvery = 200 * time.Millisecond

// await looks at an order until it is as wanted.
func (r *Replay) await(ctx context.Context, c *customer, id string, wanted func(shop.Order) bool) (order shop.Order, err error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err = c.do(ctx, func(client *shop.Client) (err error) {
			order, err = client.Order(ctx, id)
			return err
		})
		if err != nil || wanted(order) {
			return order, err
		}
		select {
		case <-ctx.Done():
			return order, ctx.Err()
		case <-tick.C:
		}
	}
}
