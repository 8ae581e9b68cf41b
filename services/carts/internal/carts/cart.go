// Package carts is the domain of carts: who holds one, what may be in it, and what becomes of it when a customer claims it and at
// checkout. A cart holds SKUs and quantities, never prices.
package carts

import (
	"errors"
	"fmt"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	// MaxLines is how many lines a cart has at most. It and MaxQuantity come from the REST contract: wholesale
	// invoices reach 1,114 lines and thousands of pieces.
	MaxLines = 2000
	// MaxQuantity is how many pieces a line has at most.
	MaxQuantity = 100_000
	// GuestLife is how long after its last change a guest cart ends.
	GuestLife = 30 * 24 * time.Hour
	// CustomerLife is how long after its last change a customer's cart ends.
	CustomerLife = 365 * 24 * time.Hour
)

var (
	// ErrNotFound is returned for a cart that does not exist, has ended, or is someone else's.
	ErrNotFound = errors.New("cart not found")
	// ErrFull is returned when a cart would have more than MaxLines lines.
	ErrFull = fmt.Errorf("a cart has at most %d lines", MaxLines)
)

// Line is a quantity of a SKU, in pieces.
type Line struct {
	SKU      string
	Quantity int64
}

// Cart is a guest's or a customer's. A customer's own cart has the customer's id as its own, so that there is one.
type Cart struct {
	ID string
	// CustomerID is empty for a guest's.
	CustomerID string
	// Lines are in the order they were first added.
	Lines     []Line
	ExpiresAt time.Time
	// Purchases are the ids of the purchases that are to be made of the lines: the cart's own, and those of the guest carts that
	// were merged into it. An order claims all of them, so that no line is bought by two orders.
	Purchases []string
}

// Checkout is what an order takes out of a cart.
type Checkout struct {
	OrderID string
	Lines   []Line
	// Purchases are those that the order has claimed; empty stands for all of the cart's.
	Purchases []string
}

func checkItem(sku string, quantity int64) error {
	var check field.Checker
	check.Check(identifier.ValidSKU(sku), "sku", "must have 1 to 100 letters, digits, and _ . -")
	check.Check(quantity >= 1 && quantity <= MaxQuantity, "quantity", fmt.Sprintf("must be 1 to %d", MaxQuantity))
	return check.Err()
}

// validate does not look at SKUs, because a SKU that the cart does not have is no error.
func (c Checkout) validate() error {
	var check field.Checker
	check.Check(identifier.Valid(c.OrderID), "order_id", "is not an id")
	check.Check(len(c.Lines) <= MaxLines, "lines", fmt.Sprintf("must have at most %d items", MaxLines))
	for i, id := range c.Purchases {
		check.Check(identifier.Valid(id), fmt.Sprintf("purchase_ids[%d]", i), "is not an id")
	}
	for i, l := range c.Lines {
		check.Check(l.Quantity >= 1 && l.Quantity <= MaxQuantity, fmt.Sprintf("lines[%d].quantity", i),
			fmt.Sprintf("must be 1 to %d", MaxQuantity))
	}
	return check.Err()
}
