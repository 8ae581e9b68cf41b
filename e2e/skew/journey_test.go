package skew

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

const password = "correct horse battery"

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// insist makes a request that is safe to repeat until it is answered, and returns the refusal if the answer is one.
func insist(ctx context.Context, ask func(context.Context) error) error {
	var refusal *shop.Problem
	err := poll.Until(ctx, servesWithin, func(ctx context.Context) error {
		refusal = nil
		err := ask(ctx)
		if !errors.As(err, &refusal) || refusal.Status >= 500 || refusal.Code == "idempotency_in_progress" {
			refusal = nil
			return err
		}
		return nil
	})
	if refusal != nil {
		return refusal
	}
	return err
}

// post sends a request that may be repeated until it is answered, and decodes the answer.
func post(ctx context.Context, c *shop.Client, path string, body, out any) error {
	err := insist(ctx, func(ctx context.Context) error { return c.Do(ctx, http.MethodPost, path, body, out) })
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return nil
}

func (m *mix) staff(ctx context.Context) (*shop.Client, error) {
	return m.logIn(ctx, m.StaffEmail(), m.StaffPassword())
}

func (m *mix) logIn(ctx context.Context, email, password string) (*shop.Client, error) {
	var session shop.Session
	err := post(ctx, m.client, "/v1/sessions", map[string]string{"email": email, "password": password}, &session)
	return m.client.As(session.AccessToken), err
}

// register opens an account and logs in to it. An account whose creation was not answered may be there.
func (m *mix) register(ctx context.Context) (*shop.Client, error) {
	email := uuid.NewString() + "@example.com"
	err := post(ctx, m.client, "/v1/customers", map[string]string{"email": email, "password": password, "name": "Ada Shopper"}, nil)
	if refusal := (*shop.Problem)(nil); errors.As(err, &refusal) && refusal.Code == "email_taken" {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return m.logIn(ctx, email, password)
}

// buy puts two pieces of each SKU in a cart and orders them, until the shop has answered. The order is confirmed, or will be.
func buy(ctx context.Context, c *shop.Client) (shop.Order, error) {
	var cart shop.Cart
	if err := post(ctx, c, "/v1/carts", nil, &cart); err != nil {
		return shop.Order{}, err
	}
	for _, sku := range skus {
		if err := insist(ctx, func(ctx context.Context) error { _, err := c.Put(ctx, cart.ID, sku, 2); return err }); err != nil {
			return shop.Order{}, fmt.Errorf("put %s: %w", sku, err)
		}
	}
	var quote shop.Quote
	if err := insist(ctx, func(ctx context.Context) (err error) { quote, err = c.Quote(ctx, cart.ID, leeds); return err }); err != nil {
		return shop.Order{}, fmt.Errorf("quote: %w", err)
	}
	if len(quote.Options) == 0 {
		return shop.Order{}, errors.New("the cart can be sent in no way")
	}
	var order shop.Order
	key, checkout := uuid.NewString(), shop.Checkout{
		CartID: cart.ID, ShippingAddress: &leeds, ShippingOption: quote.Options[0].ID, PaymentMethod: "pm_card_visa",
	}
	if err := insist(ctx, func(ctx context.Context) (err error) { order, err = c.PlaceOrder(ctx, key, checkout); return err }); err != nil {
		return order, fmt.Errorf("place the order: %w", err)
	}
	if err := await(ctx, c, order.ID, "confirmed", func(o shop.Order) bool { return o.Status == "confirmed" }); err != nil {
		return order, err
	}
	return order, awaitEmpty(ctx, c, cart.ID)
}

// awaitEmpty waits until a cart is empty: while carts is away, an order is confirmed before its goods are taken out of the cart.
func awaitEmpty(ctx context.Context, c *shop.Client, id string) error {
	return poll.Until(ctx, servesWithin, func(ctx context.Context) error {
		var cart shop.Cart
		err := c.Do(ctx, http.MethodGet, "/v1/carts/"+id, nil, &cart)
		if err == nil && len(cart.Lines) > 0 {
			err = fmt.Errorf("the cart has %d lines", len(cart.Lines))
		}
		return err
	})
}

// await waits until an order is as wanted.
func await(ctx context.Context, c *shop.Client, id, what string, wanted func(shop.Order) bool) error {
	return poll.Until(ctx, servesWithin, func(ctx context.Context) error {
		order, err := c.Order(ctx, id)
		if err == nil && !wanted(order) {
			err = fmt.Errorf("order %s is %s, not %s: payment %+v, returns %+v", id, order.Status, what, order.Payment, order.Returns)
		}
		return err
	})
}

// sell goes the whole way with the shop: one order that is delivered, sent back in part and refunded, and one that is cancelled.
func (m *mix) sell(ctx context.Context) error {
	staff, err := m.staff(ctx)
	if err != nil {
		return err
	}
	customer, err := m.register(ctx)
	if err != nil {
		return err
	}
	kept, err := buy(ctx, customer)
	if err != nil {
		return err
	}
	if err := deliverAndRefund(ctx, customer, staff, kept.ID); err != nil {
		return err
	}
	dropped, err := buy(ctx, customer)
	if err != nil {
		return err
	}
	if err := post(ctx, customer, "/v1/orders/"+dropped.ID+"/cancellation", nil, nil); err != nil {
		return err
	}
	return await(ctx, customer, dropped.ID, "cancelled", func(o shop.Order) bool { return o.Status == "cancelled" && o.Payment.Status == "voided" })
}

// deliverAndRefund has an order sent, and one piece of it sent back and refunded.
func deliverAndRefund(ctx context.Context, customer, staff *shop.Client, id string) error {
	if err := post(ctx, staff, "/v1/admin/orders/"+id+"/dispatch", nil, nil); err != nil {
		return err
	}
	if err := await(ctx, customer, id, "delivered", func(o shop.Order) bool { return o.Status == "delivered" }); err != nil {
		return err
	}
	back, err := customer.RequestReturn(ctx, id, shop.ReturnRequest{Lines: []shop.ReturnLine{{SKU: skus[0], Quantity: 1}}, Reason: "not my color"})
	if err != nil {
		return fmt.Errorf("request a return: %w", err)
	}
	if err := post(ctx, staff, "/v1/admin/returns/"+back.ID+"/receive", nil, nil); err != nil {
		return err
	}
	return await(ctx, customer, id, "refunded in part", func(o shop.Order) bool {
		return len(o.Returns) == 1 && o.Returns[0].Status == "refunded" && o.Payment.Refunded.Amount > 0
	})
}
