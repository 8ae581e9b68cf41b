// Package peerstest is the services that orders calls, in memory, as their contracts promise them. Only tests use it.
//
// A World is what the services know. A Network carries the calls: it is where a test loses them, counts them, or kills the process
// that makes them.
package peerstest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/settlement"
)

// World is all services that orders calls. It is not safe for concurrent use: the Network sees to that.
type World struct {
	Carts     *Carts
	Catalog   *Catalog
	Addresses map[string]order.Address
	Emails    map[string]string // of customers, by their ids
	Verified  map[string]string // those that are confirmed
	Inventory *Inventory
	Payments  *Payments
	Shipping  *Shipping
}

// New returns a world with nothing in it.
func New() *World {
	return &World{
		Carts:     &Carts{Lines: map[string][]order.Item{}, CheckedOut: map[string]bool{}, world: uuid.New(), purchases: map[string]int{}},
		Catalog:   &Catalog{Variants: map[string]checkout.Variant{}},
		Addresses: map[string]order.Address{},
		Emails:    map[string]string{},
		Verified:  map[string]string{},
		Inventory: &Inventory{Levels: map[string]*Level{}, Reservations: map[string]*Reservation{}},
		Payments:  &Payments{Books: map[string]*Payment{}, Bank: map[string]*Charge{}, asked: map[string]int{}},
		Shipping:  &Shipping{Parcels: map[string]*Parcel{}, Bookings: map[string]string{}, ended: map[string]error{}, began: time.Now()},
	}
}

// Call is a call of a service. About is the order or another id that it is about, or empty.
type Call struct{ Service, Name, About string }

// Network carries a call to its service, where it takes effect, and the answer back.
type Network func(ctx context.Context, call Call, effect func() (any, error)) (any, error)

// Peers returns clients of the services.
func (w *World) Peers(network Network) orders.Peers {
	c := client{w, network}
	return orders.Peers{
		Carts: cartsClient{c}, Catalog: catalogClient{c}, Customers: customersClient{c},
		Inventory: inventoryClient{c}, Payments: paymentsClient{c}, Shipping: shippingClient{c},
	}
}

type client struct {
	*World
	network Network
}

// ask makes a call that has an answer.
func ask[T any](ctx context.Context, c client, service, name, about string, effect func() (T, error)) (T, error) {
	answer, err := c.network(ctx, Call{service, name, about}, func() (any, error) { return effect() })
	typed, _ := answer.(T)
	return typed, err
}

// tell makes a call that has none.
func tell(ctx context.Context, c client, service, name, about string, effect func() error) error {
	_, err := c.network(ctx, Call{service, name, about}, func() (any, error) { return nil, effect() })
	return err
}

type cartsClient struct{ client }

func (c cartsClient) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	return ask(ctx, c.client, "carts", "get cart", id, func() (checkout.Cart, error) { return c.Carts.get(id) })
}

func (c cartsClient) CheckOut(ctx context.Context, o order.Order) error {
	return tell(ctx, c.client, "carts", "check out cart", o.ID(), func() error {
		c.Carts.checkOut(o)
		return nil
	})
}

type catalogClient struct{ client }

func (c catalogClient) Variants(ctx context.Context, skus []string) (map[string]checkout.Variant, error) {
	return ask(ctx, c.client, "catalog", "get variants", "", func() (map[string]checkout.Variant, error) { return c.Catalog.find(skus), nil })
}

type customersClient struct{ client }

func (c customersClient) Address(ctx context.Context, id string) (order.Address, error) {
	return ask(ctx, c.client, "customers", "get address", id, func() (order.Address, error) {
		address, ok := c.Addresses[id]
		if !ok {
			return order.Address{}, checkout.ErrAddressNotFound
		}
		return address, nil
	})
}

func (c customersClient) Email(ctx context.Context, customerID string) (string, error) {
	return ask(ctx, c.client, "customers", "get email", customerID, func() (string, error) { return c.Emails[customerID], nil })
}

func (c customersClient) VerifiedEmail(ctx context.Context, customerID string) (string, error) {
	return ask(ctx, c.client, "customers", "get verified email", customerID, func() (string, error) { return c.Verified[customerID], nil })
}

// GuestToken returns a token that says what it is for.
func (c customersClient) GuestToken(ctx context.Context, orderID string, issuedAt time.Time) (guest.Access, error) {
	return ask(ctx, c.client, "customers", "get guest token", orderID, func() (guest.Access, error) {
		return guest.Access{OrderID: orderID, Token: "token for " + orderID, ExpiresAt: issuedAt.Add(time.Hour)}, nil
	})
}

type inventoryClient struct{ client }

func (c inventoryClient) Available(ctx context.Context, skus []string) (map[string]int64, error) {
	return ask(ctx, c.client, "inventory", "get levels", "", func() (map[string]int64, error) { return c.Inventory.available(skus), nil })
}

func (c inventoryClient) Reserve(ctx context.Context, orderID string, items []order.StockItem, holdFor time.Duration) error {
	return tell(ctx, c.client, "inventory", "reserve", orderID, func() error { return c.Inventory.reserve(orderID, items, holdFor) })
}

func (c inventoryClient) Commit(ctx context.Context, orderID string) error {
	return tell(ctx, c.client, "inventory", "commit", orderID, func() error { return c.Inventory.commit(orderID) })
}

func (c inventoryClient) Release(ctx context.Context, orderID string) error {
	return tell(ctx, c.client, "inventory", "release", orderID, func() error {
		c.Inventory.release(orderID)
		return nil
	})
}

func (c inventoryClient) Return(ctx context.Context, orderID, returnID string, items []order.Item) error {
	return tell(ctx, c.client, "inventory", "return stock", orderID, func() error { return c.Inventory.takeBack(orderID, returnID, items) })
}

func (c inventoryClient) RestoreSale(ctx context.Context, orderID string, items []order.StockItem) error {
	return tell(ctx, c.client, "inventory", "restore sale", orderID, func() error { return c.Inventory.restoreSale(orderID, items) })
}

type paymentsClient struct{ client }

// move makes a call that moves the money of an order, and returns its payment.
func (c paymentsClient) move(ctx context.Context, name, orderID string, effect func() error) (order.PaymentNews, error) {
	return ask(ctx, c.client, "payments", name, orderID, func() (order.PaymentNews, error) {
		if err := effect(); err != nil {
			return order.PaymentNews{}, err
		}
		return c.World.Payments.Books[orderID].news(), nil
	})
}

func (c paymentsClient) Authorize(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error) {
	return c.move(ctx, "authorize", orderID, func() error { return c.World.Payments.authorize(orderID, amount.Amount, method) })
}

func (c paymentsClient) Capture(ctx context.Context, orderID string) (order.PaymentNews, error) {
	return c.move(ctx, "capture", orderID, func() error { return c.World.Payments.capture(orderID) })
}

func (c paymentsClient) Void(ctx context.Context, orderID string) (order.PaymentNews, error) {
	return c.move(ctx, "void", orderID, func() error { return c.World.Payments.void(orderID) })
}

func (c paymentsClient) Refund(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error) {
	return c.move(ctx, "refund", orderID, func() error { return c.World.Payments.refund(orderID, refundID, amount.Amount) })
}

// AuthorizeRestored asks the bank, which knows a payment by its order.
func (c paymentsClient) AuthorizeRestored(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error) {
	return c.Authorize(ctx, orderID, amount, method)
}

// RefundRestored asks the bank, which knows a refund by its id.
func (c paymentsClient) RefundRestored(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error) {
	return c.Refund(ctx, orderID, refundID, amount)
}

func (c paymentsClient) Payments(ctx context.Context, orderIDs []string) ([]order.PaymentNews, error) {
	return ask(ctx, c.client, "payments", "list payments", "", func() ([]order.PaymentNews, error) { return c.World.Payments.list(orderIDs), nil })
}

// Changed answers at once, because a test gains nothing by waiting.
func (c paymentsClient) Changed(ctx context.Context, position string, _ time.Duration) (settlement.News, error) {
	return ask(ctx, c.client, "payments", "watch payments", position, func() (settlement.News, error) { return c.World.Payments.news(position), nil })
}

type shippingClient struct{ client }

func (c shippingClient) Quote(ctx context.Context, _ order.Address, _ int64, currency string) ([]checkout.ShippingOption, error) {
	return ask(ctx, c.client, "shipping", "quote", "", func() ([]checkout.ShippingOption, error) {
		return []checkout.ShippingOption{
			{ID: "standard", Carrier: "Royal", Service: "48", Price: money.New(395, currency)},
			{ID: "express", Carrier: "Royal", Service: "24", Price: money.New(695, currency)},
		}, nil
	})
}

func (c shippingClient) Book(ctx context.Context, b aftersales.Booking, _ order.Address, _ order.ShippingChoice) error {
	return tell(ctx, c.client, "shipping", "book", b.OrderID, func() error { return c.Shipping.book(b) })
}

func (c shippingClient) HandOver(ctx context.Context, b aftersales.Booking) (order.Shipment, error) {
	return ask(ctx, c.client, "shipping", "hand over", b.OrderID, func() (order.Shipment, error) { return c.Shipping.handOver(b) })
}

func (c shippingClient) CancelBooking(ctx context.Context, b aftersales.Booking) error {
	return tell(ctx, c.client, "shipping", "cancel booking", b.OrderID, func() error { return c.Shipping.cancel(b) })
}

func (c shippingClient) Parcel(ctx context.Context, orderID string) (*mend.Parcel, error) {
	return ask(ctx, c.client, "shipping", "list parcels", orderID, func() (*mend.Parcel, error) { return c.Shipping.parcel(orderID), nil })
}

func (c shippingClient) Moves(ctx context.Context, orderIDs []string) ([]parcels.Parcel, error) {
	return ask(ctx, c.client, "shipping", "list shipments", "", func() ([]parcels.Parcel, error) { return c.Shipping.list(orderIDs), nil })
}

// Moved answers at once, because a test gains nothing by waiting.
func (c shippingClient) Moved(ctx context.Context, position string, _ time.Duration) (parcels.News, error) {
	return ask(ctx, c.client, "shipping", "watch parcels", position, func() (parcels.News, error) { return c.Shipping.news(position), nil })
}
