package checkout

import (
	"context"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/settlement"
)

// Peers are the services that a checkout calls.
type Peers struct {
	Carts     Carts
	Catalog   Catalog
	Customers Customers
	Inventory Inventory
	Payments  Payments
	Shipping  Shipping
}

// Any method of a peer may also return saga.ErrUnavailable, or an error that nobody foresaw. Calls that change something take effect
// once for each order.
type (
	// Carts has what shoppers want to buy.
	Carts interface {
		// Cart returns the caller's cart, or ErrCartNotFound.
		Cart(ctx context.Context, id string) (Cart, error)
		// CheckOut takes the items of an order out of its cart, and replaces the order's purchases there by a new one.
		CheckOut(ctx context.Context, o order.Order) error
	}

	// Catalog has the prices.
	Catalog interface {
		// Variants returns those of the SKUs that are on sale.
		Variants(ctx context.Context, skus []string) (map[string]Variant, error)
	}

	// Customers has the addresses of the caller.
	Customers interface {
		// Address returns an address of the caller, or ErrAddressNotFound.
		Address(ctx context.Context, id string) (order.Address, error)
	}

	// Inventory holds stock for orders.
	Inventory interface {
		// Available returns how many pieces of each SKU can be bought. SKUs that inventory does not know are left out.
		Available(ctx context.Context, skus []string) (map[string]int64, error)
		// Reserve holds all items or none for a while. It returns an InsufficientStockError or ErrReservationEnded.
		Reserve(ctx context.Context, orderID string, items []order.StockItem, holdFor time.Duration) error
		// Commit sells the stock that is held for an order, or returns ErrReservationEnded.
		Commit(ctx context.Context, orderID string) error
		// Release gives back the stock of an order, held or sold. Nothing can be reserved for the order afterwards.
		Release(ctx context.Context, orderID string) error
	}

	// Payments holds the money for orders.
	Payments interface {
		settlement.Payments
		// Authorize holds the amount. It returns a DeclinedError or ErrPaymentEnded. After any other error the outcome is unknown, and
		// asking again finds it out.
		Authorize(ctx context.Context, orderID string, amount money.Money, method string) (order.PaymentNews, error)
	}

	// Shipping has the prices of parcels.
	Shipping interface {
		// Quote returns the ways to send a weight to an address. When carriers do not accept something it returns a *field.Error with
		// the names country, postal_code and weight_grams.
		Quote(ctx context.Context, to order.Address, weightGrams int64, currency string) ([]ShippingOption, error)
	}
)

// Cart is what a shopper wants to buy.
type Cart struct {
	Items []order.Item
	// Purchases are the purchases that are to be made of the items. Only one order can claim each of them.
	Purchases []string
}

// Variant is a SKU that is on sale.
type Variant struct {
	SKU         string
	Title       string
	Price       money.Money
	WeightGrams int64
	order.Origin
	order.StockRule
}

// ShippingOption is a way to send an order, with its price.
type ShippingOption struct {
	ID      string
	Carrier string
	Service string
	Price   money.Money
}
