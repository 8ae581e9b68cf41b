package orders

import (
	"context"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/order"
)

// Variant is what catalog says of a SKU on sale.
type Variant struct {
	SKU         string
	Title       string
	Price       money.Money
	WeightGrams int64
	order.Origin
}

// ShippingOption is a way to send an order, with its price.
type ShippingOption struct {
	ID      string
	Carrier string
	Service string
	Price   money.Money
}

// The peers. Any method may also return ErrUnavailable, or an error that nobody foresaw. What they do is
// idempotent by the order they do it for.
type (
	// Carts holds what shoppers want to buy.
	Carts interface {
		// Items returns what is in the caller's cart, or ErrCartNotFound.
		Items(ctx context.Context, cartID string) ([]order.Item, error)
		// CheckOut takes ordered items out of a cart, once for each order.
		CheckOut(ctx context.Context, cartID, orderID string, items []order.Item) error
	}

	// Catalog knows prices.
	Catalog interface {
		// Variants returns those of the SKUs that are on sale.
		Variants(ctx context.Context, skus []string) (map[string]Variant, error)
	}

	// Customers keeps the caller's addresses.
	Customers interface {
		// Address returns an address of the caller, or ErrAddressNotFound.
		Address(ctx context.Context, id string) (order.Address, error)
	}

	// Inventory holds stock for orders.
	Inventory interface {
		// Available returns how many pieces of each SKU can be bought. What inventory does not know is left out.
		Available(ctx context.Context, skus []string) (map[string]int64, error)
		// Reserve holds all items or none for a while. It returns an InsufficientStockError or
		// ErrReservationEnded.
		Reserve(ctx context.Context, orderID string, items []order.Item, holdFor time.Duration) error
		// Commit turns what is held into what is sold. It returns ErrReservationEnded.
		Commit(ctx context.Context, orderID string) error
		// Release gives back what an order holds or bought; nothing can be reserved for it afterwards.
		Release(ctx context.Context, orderID string) error
		// Return takes back pieces that an order bought, once for each return.
		Return(ctx context.Context, orderID, returnID string, items []order.Item) error
	}

	// Payments moves money.
	Payments interface {
		// Authorize holds the amount. It returns a DeclinedError or ErrPaymentEnded. After any other
		// error the outcome is unknown, and asking again finds it out.
		Authorize(ctx context.Context, orderID string, amount money.Money, method string) error
		// Capture takes the authorized amount, or returns ErrNotAuthorized.
		Capture(ctx context.Context, orderID string) error
		// Void lets an authorization go; nothing can be authorized for the order afterwards.
		Void(ctx context.Context, orderID string) error
		// Refund gives captured money back, once for each refund, or returns ErrNotRefundable.
		Refund(ctx context.Context, orderID, refundID string, amount money.Money) error
	}

	// Shipping sends parcels.
	Shipping interface {
		// Quote returns the ways to send a weight to a place. What carriers do not accept is a
		// *field.Error with the names country, postal_code and weight_grams.
		Quote(ctx context.Context, to order.Address, weightGrams int64, currency string) ([]ShippingOption, error)
		// Ship hands an order's parcel to the carrier; again returns the same shipment.
		Ship(ctx context.Context, orderID string, to order.Address, choice order.ShippingChoice) (order.Shipment, error)
		// Moves returns what the parcels of the orders did on their way. 100 orders at most can be asked for.
		Moves(ctx context.Context, orderIDs []string) ([]ParcelMoves, error)
		// Moved returns the parcels that have moved since a position in the feed of moves, a page at a time, each with all of its
		// moves so far. It waits for a move for so long at most. A move may be told several times.
		Moved(ctx context.Context, position string, wait time.Duration) (ParcelNews, error)
	}
)
