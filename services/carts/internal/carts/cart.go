// Package carts is the domain of carts: who holds one, what may be in it, and what becomes of it at login and at
// checkout. A cart holds SKUs and quantities, never prices.
package carts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"souk/platform/field"
)

const (
	// MaxLines is how many lines a cart has at most. It and MaxQuantity come from the REST contract: wholesale
	// invoices reach 1,114 lines and thousands of pieces.
	MaxLines = 2000
	// MaxQuantity is how many pieces a line has at most.
	MaxQuantity = 100_000
	// What has been merged or checked out is remembered this many times back, so that doing it again does nothing.
	memory = 20
	// The longest id of an order that is remembered, in bytes.
	maxOrderID = 100
)

var (
	// ErrNotFound is returned for a cart that does not exist, has expired, or is someone else's.
	ErrNotFound = errors.New("cart not found")
	// ErrFull is returned when a cart would have more than MaxLines lines.
	ErrFull = fmt.Errorf("a cart has at most %d lines", MaxLines)
	// ErrContended is returned when a cart is changed by so many at once that this change did not get through.
	ErrContended = errors.New("the cart is being changed too often")
)

// A SKU as catalog allows it.
var skuPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-])?$`)

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
	Lines []Line
	// Merged are the guest carts, and CheckedOut the orders, that this cart took in or gave up last.
	Merged     []string
	CheckedOut []string
	// ClaimedBy is the customer whose cart is taking this guest cart in. From then on nobody holds it.
	ClaimedBy string
	// Version grows with each change.
	Version   int64
	ExpiresAt time.Time
}

// heldBy reports whether caller, "" for a guest, may see and change the cart.
func (c *Cart) heldBy(caller string) bool {
	return c.ClaimedBy == "" && (c.CustomerID == "" || c.CustomerID == caller)
}

func checkItem(sku string, quantity int64) error {
	var check field.Checker
	check.Check(skuPattern.MatchString(sku), "sku", "must have 1 to 100 letters, digits, and _ . -")
	check.Check(quantity >= 1 && quantity <= MaxQuantity, "quantity", fmt.Sprintf("must be 1 to %d", MaxQuantity))
	return check.Err()
}

// checkOrder checks what an order takes out. A SKU that the cart has not is no error, so SKUs need no check.
func checkOrder(orderID string, lines []Line) error {
	var check field.Checker
	check.Check(orderID != "" && len(orderID) <= maxOrderID, "order_id", fmt.Sprintf("must have 1 to %d characters", maxOrderID))
	check.Check(len(lines) <= MaxLines, "lines", fmt.Sprintf("must have at most %d items", MaxLines))
	for i, l := range lines {
		check.Check(l.Quantity >= 1 && l.Quantity <= MaxQuantity, fmt.Sprintf("lines[%d].quantity", i),
			fmt.Sprintf("must be 1 to %d", MaxQuantity))
	}
	return check.Err()
}

// set puts a SKU in the cart at a quantity.
func (c *Cart) set(sku string, quantity int64) error {
	if i := c.index(sku); i >= 0 {
		c.Lines[i].Quantity = quantity
		return nil
	}
	if len(c.Lines) >= MaxLines {
		return ErrFull
	}
	c.Lines = append(c.Lines, Line{SKU: sku, Quantity: quantity})
	return nil
}

// remove takes a SKU out.
func (c *Cart) remove(sku string) {
	c.Lines = slices.DeleteFunc(c.Lines, func(l Line) bool { return l.SKU == sku })
}

// merge takes in a guest cart, once: quantities add up, to MaxQuantity at most.
func (c *Cart) merge(guest Cart) error {
	if slices.Contains(c.Merged, guest.ID) {
		return nil
	}
	for _, line := range guest.Lines {
		quantity := line.Quantity
		if i := c.index(line.SKU); i >= 0 {
			quantity = min(quantity+c.Lines[i].Quantity, MaxQuantity)
		}
		if err := c.set(line.SKU, quantity); err != nil {
			return err
		}
	}
	c.Merged = remember(c.Merged, guest.ID)
	return nil
}

// checkOut takes an order's lines out, once. What was added since they were ordered stays.
func (c *Cart) checkOut(orderID string, ordered []Line) {
	if slices.Contains(c.CheckedOut, orderID) {
		return
	}
	for _, line := range ordered {
		if i := c.index(line.SKU); i >= 0 {
			c.Lines[i].Quantity -= line.Quantity
		}
	}
	c.Lines = slices.DeleteFunc(c.Lines, func(l Line) bool { return l.Quantity <= 0 })
	c.CheckedOut = remember(c.CheckedOut, orderID)
}

func (c *Cart) index(sku string) int {
	return slices.IndexFunc(c.Lines, func(l Line) bool { return l.SKU == sku })
}

// remember adds id to a list that keeps the last few.
func remember(list []string, id string) []string {
	list = append(list, id)
	return list[max(0, len(list)-memory):]
}
