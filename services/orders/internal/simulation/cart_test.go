package simulation

import (
	"slices"

	"souk/services/orders/internal/order"
)

// carts is the service of that name: for each cart its lines, and the orders that took theirs out of it.
type carts struct {
	lines      map[string][]order.Item
	checkedOut map[string]bool
}

func newCarts() *carts {
	return &carts{lines: map[string][]order.Item{}, checkedOut: map[string]bool{}}
}

func (c *carts) get(cartID string) ([]order.Item, error) {
	return slices.Clone(c.lines[cartID]), nil
}

// set puts a SKU in a cart at a quantity.
func (c *carts) set(cartID string, item order.Item) {
	lines := slices.DeleteFunc(slices.Clone(c.lines[cartID]), func(i order.Item) bool { return i.SKU == item.SKU })
	c.lines[cartID] = append(lines, item)
}

func (c *carts) checkOut(cartID, orderID string, items []order.Item) {
	if c.checkedOut[orderID] {
		return
	}
	c.checkedOut[orderID] = true
	var rest []order.Item
	for _, line := range c.lines[cartID] {
		for _, item := range items {
			if item.SKU == line.SKU {
				line.Quantity -= item.Quantity
			}
		}
		if line.Quantity > 0 {
			rest = append(rest, line)
		}
	}
	c.lines[cartID] = rest
}
