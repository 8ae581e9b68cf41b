// Package gadgets is the domain of the service: what a gadget is, and whose it is.
package gadgets

import (
	"errors"
	"time"

	"souk/platform/field"
)

// ErrNotFound is a gadget that does not exist, or is another customer's.
var ErrNotFound = errors.New("there is no such gadget")

// MaxTitle is how many characters a title has at most.
const MaxTitle = 200

// Gadget is a gadget of a customer.
type Gadget struct {
	ID         string
	CustomerID string
	Title      string
	CreatedAt  time.Time
}

func (g Gadget) check() error {
	var check field.Checker
	check.CheckLine("title", g.Title, true, MaxTitle)
	return check.Err()
}
