package simulation

import (
	"context"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
)

// peersOf returns a process's clients of the other services.
func peersOf(p *process) orders.Peers {
	return orders.Peers{
		Carts: cartsClient{p}, Catalog: catalogClient{p}, Customers: customersClient{p},
		Inventory: inventoryClient{p}, Payments: paymentsClient{p}, Shipping: shippingClient{p},
	}
}

// do is call for what answers nothing but an error.
func do(ctx context.Context, p *process, place, what, about string, effect func() error) error {
	_, err := call(ctx, p, place, what, about, func() (struct{}, error) { return struct{}{}, effect() })
	return err
}

type cartsClient struct{ *process }

func (c cartsClient) Items(ctx context.Context, cartID string) ([]order.Item, error) {
	return call(ctx, c.process, "carts", "get cart", cartID, func() ([]order.Item, error) { return c.shop.carts.get(cartID) })
}

func (c cartsClient) CheckOut(ctx context.Context, cartID, orderID string, items []order.Item) error {
	return do(ctx, c.process, "carts", "check out cart", orderID, func() error {
		c.shop.carts.checkOut(cartID, orderID, items)
		return nil
	})
}

type catalogClient struct{ *process }

func (c catalogClient) Variants(ctx context.Context, skus []string) (map[string]checkout.Variant, error) {
	return call(ctx, c.process, "catalog", "get variants", "", func() (map[string]checkout.Variant, error) {
		return variants(skus, c.shop.age()), nil
	})
}

type customersClient struct{ *process }

func (c customersClient) Address(ctx context.Context, id string) (order.Address, error) {
	return call(ctx, c.process, "customers", "get address", id, func() (order.Address, error) {
		if id != addressID {
			return order.Address{}, checkout.ErrAddressNotFound
		}
		return home, nil
	})
}

type inventoryClient struct{ *process }

func (c inventoryClient) Available(ctx context.Context, skus []string) (map[string]int64, error) {
	return call(ctx, c.process, "inventory", "get levels", "", func() (map[string]int64, error) {
		return c.shop.inventory.available(skus), nil
	})
}

func (c inventoryClient) Reserve(ctx context.Context, orderID string, items []order.Item, holdFor time.Duration) error {
	return do(ctx, c.process, "inventory", "reserve", orderID, func() error { return c.shop.inventory.reserve(orderID, items, holdFor) })
}

func (c inventoryClient) Commit(ctx context.Context, orderID string) error {
	return do(ctx, c.process, "inventory", "commit", orderID, func() error { return c.shop.inventory.commit(orderID) })
}

func (c inventoryClient) Release(ctx context.Context, orderID string) error {
	return do(ctx, c.process, "inventory", "release", orderID, func() error {
		c.shop.inventory.release(orderID)
		return nil
	})
}

func (c inventoryClient) Return(ctx context.Context, orderID, returnID string, items []order.Item) error {
	return do(ctx, c.process, "inventory", "return stock", orderID, func() error {
		return c.shop.inventory.takeBack(orderID, returnID, items)
	})
}

type paymentsClient struct{ *process }

func (c paymentsClient) Authorize(ctx context.Context, orderID string, amount money.Money, method string) error {
	return do(ctx, c.process, "payments", "authorize", orderID, func() error {
		return c.shop.payments.authorize(orderID, amount.Amount, method)
	})
}

func (c paymentsClient) Capture(ctx context.Context, orderID string) error {
	return do(ctx, c.process, "payments", "capture", orderID, func() error { return c.shop.payments.capture(orderID) })
}

func (c paymentsClient) Void(ctx context.Context, orderID string) error {
	return do(ctx, c.process, "payments", "void", orderID, func() error { return c.shop.payments.void(orderID) })
}

func (c paymentsClient) Refund(ctx context.Context, orderID, refundID string, amount money.Money) error {
	return do(ctx, c.process, "payments", "refund", orderID, func() error {
		return c.shop.payments.refund(orderID, refundID, amount.Amount)
	})
}

type shippingClient struct{ *process }

func (c shippingClient) Quote(ctx context.Context, _ order.Address, _ int64, currency string) ([]checkout.ShippingOption, error) {
	return call(ctx, c.process, "shipping", "quote", "", func() ([]checkout.ShippingOption, error) {
		return []checkout.ShippingOption{{ID: shippingOption, Carrier: "Royal", Service: "48", Price: money.New(395, currency)}}, nil
	})
}

func (c shippingClient) Ship(ctx context.Context, orderID string, _ order.Address, _ order.ShippingChoice) (order.Shipment, error) {
	return call(ctx, c.process, "shipping", "ship", orderID, func() (order.Shipment, error) { return c.shop.ship(orderID), nil })
}

func (c shippingClient) Moves(ctx context.Context, orderIDs []string) ([]parcels.Parcel, error) {
	return call(ctx, c.process, "shipping", "list shipments", "", func() ([]parcels.Parcel, error) {
		return c.shop.shipping.moves(orderIDs), nil
	})
}

// Moved answers at once: nothing is gained here by waiting.
func (c shippingClient) Moved(ctx context.Context, position string, _ time.Duration) (parcels.News, error) {
	return call(ctx, c.process, "shipping", "watch parcels", position, func() (parcels.News, error) {
		return c.shop.shipping.moved(position), nil
	})
}
