// Package carts is the domain of carts: their owners, their contents, claiming them by a customer, and checkout. A cart
// contains SKUs and quantities, but no prices.
package carts

import (
	"errors"
	"fmt"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	// MaxLines is the maximum number of lines in a cart. It and MaxQuantity come from the REST contract: wholesale invoices
	// have up to 1,114 lines and thousands of pieces.
	MaxLines = 2000
	// MaxQuantity is the maximum number of pieces in a line.
	MaxQuantity = 100_000
	// GuestLife is the lifetime of a guest cart after its last change. Service.Sweep deletes it then.
	GuestLife = 30 * 24 * time.Hour
	// CustomerLife is the lifetime of a customer's cart after its last change.
	CustomerLife = 365 * 24 * time.Hour
)

var (
	// ErrNotFound is returned for a cart that does not exist, has expired, or belongs to somebody else.
	ErrNotFound = errors.New("cart not found")
	// ErrFull is returned when a cart would have more than MaxLines lines.
	ErrFull = fmt.Errorf("a cart has at most %d lines", MaxLines)
)

// Line is a quantity of a SKU, in pieces.
type Line struct {
	SKU      string
	Quantity int64
}

// Cart is a cart of a guest or a customer. A customer's cart has the customer's ID as its own, so that each customer has only
// one.
type Cart struct {
	ID string
	// CustomerID is empty in a guest cart.
	CustomerID string
	// Lines are in the order they were first added.
	Lines     []Line
	ExpiresAt time.Time
	// Purchases are the IDs of the purchases that can be made of the lines: the cart's own, and those of the guest carts that
	// were merged into it. An order claims all of them, so that no line is bought by two orders.
	Purchases []string
}

// Checkout is the part of a cart that an order takes out.
type Checkout struct {
	OrderID string
	Lines   []Line
	// Purchases are the purchases that the order has claimed; empty means all purchases of the cart.
	Purchases []string
}

func checkItem(sku string, quantity int64) error {
	var check field.Checker
	check.Check(identifier.ValidSKU(sku), "sku", identifier.SKURule)
	check.Check(quantity >= 1 && quantity <= MaxQuantity, "quantity", fmt.Sprintf("must be 1 to %d", MaxQuantity))
	return check.Err()
}

// validate does not check SKUs, because a SKU that is not in the cart is no error.
func (c Checkout) validate() error {
	var check field.Checker
	check.CheckID("order_id", c.OrderID)
	check.Check(len(c.Lines) <= MaxLines, "lines", fmt.Sprintf("must have at most %d items", MaxLines))
	for i, id := range c.Purchases {
		check.CheckID(fmt.Sprintf("purchase_ids[%d]", i), id)
	}
	for i, l := range c.Lines {
		check.Check(l.Quantity >= 1 && l.Quantity <= MaxQuantity, fmt.Sprintf("lines[%d].quantity", i),
			fmt.Sprintf("must be 1 to %d", MaxQuantity))
	}
	return check.Err()
}
