// Package recommendations is the domain of the service: which products were bought together. It follows what orders have sold, stores the
// baskets, and has each process learn them from there.
package recommendations

import (
	"context"
	"errors"
	"time"
)

// ErrConflict is returned when another process has followed the sales further.
var ErrConflict = errors.New("another process was quicker")

// Basket is the products of an order. A cancelled order has none.
type Basket struct {
	OrderID  string
	Products []string
}

// News are the sales since a position.
type News struct {
	Baskets  []Basket
	Position string
	// More says that more sales are known.
	More bool
}

// Sales is the feed of orders.
type Sales interface {
	// Since returns the sales since a position, or from the first one if the position is empty. If there are none, it waits for one, but
	// no longer than wait.
	Since(ctx context.Context, position string, wait time.Duration) (News, error)
}

// Followed says how far the sales were followed.
type Followed struct {
	// Position is empty at first, and after everything was forgotten.
	Position string
	// Complete says that all sales that are known are stored.
	Complete bool
}

// Learned says how far a process has learned.
type Learned struct {
	// Basket is the number of the last basket. Baskets are numbered in the order in which they were stored.
	Basket int64
	// Rebuild counts how often everything was forgotten.
	Rebuild int64
}

// Page is a part of the baskets in the order of their numbers.
type Page struct {
	Baskets []Basket
	// Learned is how far a process has learned that learns the page.
	Learned Learned
	// Complete says that all sales that are known are stored.
	Complete bool
}

// Store keeps the baskets, and how far the sales were followed.
type Store interface {
	Followed(ctx context.Context) (Followed, error)
	// Add stores baskets, and that the sales were followed from a position to that of news. A basket replaces that of the same order. Add
	// returns ErrConflict, and stores nothing, if the position is not from any more.
	Add(ctx context.Context, from string, news News) error
	// Next returns up to limit baskets that come after those learned.
	Next(ctx context.Context, learned Learned, limit int) (Page, error)
	// Before returns where to begin in order to learn the newest baskets, as many as most.
	Before(ctx context.Context, most int) (Learned, error)
	// Forget forgets all baskets, and that any sales were followed.
	Forget(ctx context.Context) error
}
