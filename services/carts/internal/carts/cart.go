// Package carts is the domain of carts: their owners, their contents, claiming them by a customer, and checkout. A cart
// contains SKUs and quantities, but no prices.
package carts

import (
	"errors"
	"fmt"
	"regexp"
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
	// GuestLife is the lifetime of a guest cart after its last change.
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

// The form of SKUs in catalog.
var skuPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-])?$`)

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
}

func checkItem(sku string, quantity int64) error {
	var check field.Checker
	check.Check(skuPattern.MatchString(sku), "sku", "must have 1 to 100 letters, digits, and _ . -")
	check.Check(quantity >= 1 && quantity <= MaxQuantity, "quantity", fmt.Sprintf("must be 1 to %d", MaxQuantity))
	return check.Err()
}

// checkOrder checks the lines to take out for an order. It need not check the SKUs, because one that is not in the cart is no
// error.
func checkOrder(orderID string, lines []Line) error {
	var check field.Checker
	check.Check(identifier.Valid(orderID), "order_id", "is not an id")
	check.Check(len(lines) <= MaxLines, "lines", fmt.Sprintf("must have at most %d items", MaxLines))
	for i, l := range lines {
		check.Check(l.Quantity >= 1 && l.Quantity <= MaxQuantity, fmt.Sprintf("lines[%d].quantity", i),
			fmt.Sprintf("must be 1 to %d", MaxQuantity))
	}
	return check.Err()
}
