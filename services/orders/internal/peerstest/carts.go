package peerstest

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// Carts is the service of that name.
type Carts struct {
	Lines      map[string][]order.Item // by cart
	CheckedOut map[string]bool         // the orders whose items were taken out of a cart

	world     uuid.UUID      // no two worlds have the same purchases
	purchases map[string]int // the number of purchases that were made of a cart
}

// Set puts a SKU in a cart, in place of what the cart has of it.
func (c *Carts) Set(cartID string, item order.Item) {
	lines := slices.DeleteFunc(slices.Clone(c.Lines[cartID]), func(i order.Item) bool { return i.SKU == item.SKU })
	c.Lines[cartID] = append(lines, item)
}

func (c *Carts) get(cartID string) (checkout.Cart, error) {
	lines, ok := c.Lines[cartID]
	if !ok {
		return checkout.Cart{}, checkout.ErrCartNotFound
	}
	return checkout.Cart{Items: slices.Clone(lines), Purchases: []string{c.purchase(cartID)}}, nil
}

// purchase returns the id of the purchase that is to be made of a cart.
func (c *Carts) purchase(cartID string) string {
	return uuid.NewSHA1(c.world, fmt.Append(nil, cartID, c.purchases[cartID])).String()
}

func (c *Carts) checkOut(o order.Order) {
	if c.CheckedOut[o.ID()] {
		return
	}
	c.CheckedOut[o.ID()] = true
	var rest []order.Item
	for _, line := range c.Lines[o.CartID()] {
		for _, item := range o.Items() {
			if item.SKU == line.SKU {
				line.Quantity -= item.Quantity
			}
		}
		if line.Quantity > 0 {
			rest = append(rest, line)
		}
	}
	c.Lines[o.CartID()] = rest
	if slices.Contains(o.Purchases(), c.purchase(o.CartID())) {
		c.purchases[o.CartID()]++
	}
}
