package peerstest

import (
	"slices"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// Carts is the service of that name.
type Carts struct {
	Lines      map[string][]order.Item // by cart
	CheckedOut map[string]bool         // the orders whose items were taken out of a cart
}

// Set puts a SKU in a cart, in place of what the cart has of it.
func (c *Carts) Set(cartID string, item order.Item) {
	lines := slices.DeleteFunc(slices.Clone(c.Lines[cartID]), func(i order.Item) bool { return i.SKU == item.SKU })
	c.Lines[cartID] = append(lines, item)
}

func (c *Carts) get(cartID string) ([]order.Item, error) {
	lines, ok := c.Lines[cartID]
	if !ok {
		return nil, checkout.ErrCartNotFound
	}
	return slices.Clone(lines), nil
}

func (c *Carts) checkOut(cartID, orderID string, items []order.Item) {
	if c.CheckedOut[orderID] {
		return
	}
	c.CheckedOut[orderID] = true
	var rest []order.Item
	for _, line := range c.Lines[cartID] {
		for _, item := range items {
			if item.SKU == line.SKU {
				line.Quantity -= item.Quantity
			}
		}
		if line.Quantity > 0 {
			rest = append(rest, line)
		}
	}
	c.Lines[cartID] = rest
}
