// Package sales is responsible for telling what orders have sold, without the people who bought it, to a reader that stores its position.
//
// A reader without a position first walks through the orders by their ids, and then follows what changes. The position of a walk contains
// the position in the changes from before the walk, so that no sale is missed between the two.
package sales

import (
	"context"
	"strings"
	"time"

	"souk/platform/identifier"
	"souk/platform/pgfeed"
)

// pageSize is the number of orders on a page of a walk, as on a page of changes.
const pageSize = 100

// Sale is what a confirmed order has sold.
type Sale struct {
	OrderID string
	// Cancelled says that the order was cancelled. Then there are no lines.
	Cancelled bool
	Lines     []Line
}

// Line is a line of an order.
type Line struct {
	// ProductID is empty in orders that were placed before orders kept it.
	ProductID, SKU string
	Quantity       int64
}

// Page is a part of the feed.
type Page struct {
	Sales []Sale
	// Position is the position for the next page.
	Position string
	// More says that the next page is available at once.
	More bool
}

// Changes tells the ids of orders that were confirmed or cancelled since a position. *pgfeed.Feed does.
type Changes interface {
	Page(ctx context.Context, position string, wait time.Duration) (pgfeed.News, error)
}

// Store reads sales. Orders that were never confirmed have none.
type Store interface {
	// Sales returns the sales of orders.
	Sales(ctx context.Context, orderIDs []string) ([]Sale, error)
	// SalesAfter returns up to limit sales, sorted by the ids of their orders, that come after an id.
	SalesAfter(ctx context.Context, orderID string, limit int) ([]Sale, error)
}

// Feed is the feed of sales.
type Feed struct {
	changes Changes
	store   Store
}

// New returns a feed.
func New(changes Changes, store Store) *Feed {
	return &Feed{changes: changes, store: store}
}

// Page returns the sales since a position. If there are none, it waits for one, but no longer than wait. Without a position, or with one
// that is not known any more, it begins with the first order. A sale may be told several times. It returns a *field.Error for a wait that
// is too long.
func (f *Feed) Page(ctx context.Context, position string, wait time.Duration) (Page, error) {
	before, after, walking := strings.Cut(position, "/")
	if walking && identifier.Valid(after) {
		return f.walk(ctx, before, after)
	}
	news, err := f.changes.Page(ctx, before, wait)
	if err != nil {
		return Page{}, err
	}
	if news.Reset {
		return f.walk(ctx, news.Position, noOrder)
	}
	ids := make([]string, len(news.Changes))
	for i, change := range news.Changes {
		ids[i] = change.ID
	}
	changed, err := f.store.Sales(ctx, ids)
	return Page{Sales: changed, Position: news.Position, More: news.More}, err
}

// noOrder comes before the ids of all orders.
const noOrder = "00000000-0000-0000-0000-000000000000"

// walk returns the sales of the orders after an id. before is the position in the changes from before the walk.
func (f *Feed) walk(ctx context.Context, before, after string) (Page, error) {
	found, err := f.store.SalesAfter(ctx, after, pageSize)
	if err != nil {
		return Page{}, err
	}
	if len(found) < pageSize {
		return Page{Sales: found, Position: before, More: true}, nil
	}
	return Page{Sales: found, Position: before + "/" + found[len(found)-1].OrderID, More: true}, nil
}
