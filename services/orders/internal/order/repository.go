package order

import (
	"context"
	"fmt"
	"time"

	"souk/platform/identifier"
	"souk/platform/money"
)

// Reader finds orders.
type Reader interface {
	// Get returns an order, or ErrNotFound.
	Get(ctx context.Context, id string) (Order, error)
}

// Repository keeps orders.
type Repository interface {
	Reader
	// Save saves what has changed in an order since it was read, in one transaction, and returns the order as it is now. When its
	// checkout has ended, the order becomes the answer to its idempotency key, unless there is an answer already. An order that has
	// come to have work becomes due some time later, and one that has none left is no longer due. Save returns ErrConflict when
	// somebody else changed the order meanwhile.
	Save(ctx context.Context, o Order) (Order, error)
}

// Lister lists orders.
type Lister interface {
	// List returns orders, newest first unless the filter says otherwise, and whether more follow. It may return fewer than the limit when they have very many lines,
	// but at least one if there is one.
	List(ctx context.Context, filter Filter) (found []Order, more bool, err error)
	// Returns returns returns of all orders, newest first, and whether more follow.
	Returns(ctx context.Context, filter ReturnFilter) (found []ReturnView, more bool, err error)
}

// Viewer is who asks for an order.
type Viewer struct {
	CustomerID string
	// Staff may see every order.
	Staff bool
}

// Find returns an order that the viewer may see, or ErrNotFound.
func Find(ctx context.Context, from Reader, viewer Viewer, id string) (Order, error) {
	if !identifier.Valid(id) {
		return Order{}, ErrNotFound
	}
	o, err := from.Get(ctx, id)
	if err != nil {
		return Order{}, fmt.Errorf("get order: %w", err)
	}
	if !viewer.Staff && o.CustomerID() != viewer.CustomerID {
		return Order{}, ErrNotFound
	}
	return o, nil
}

// Filter says which orders to list. The zero value lists all.
type Filter struct {
	CustomerID string
	Status     Status
	// Text is the number of an order, a SKU in it, or how the name of its recipient begins, in any case.
	Text string
	// From and To list only orders that were placed from one time until before another.
	From, To time.Time
	// Attention lists only orders that a person has to look at for one of these reasons.
	Attention []Attention
	// OldestFirst lists the oldest orders first.
	OldestFirst bool
	// After lists only orders that come after another one in the list.
	After *Position
	Limit int
}

// Position is the place of an order in a list.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// Position returns the place of the order in a list.
func (o Order) Position() Position { return Position{CreatedAt: o.data.CreatedAt, ID: o.data.ID} }

// ReturnFilter says which returns to list. The zero value lists all.
type ReturnFilter struct {
	Status ReturnStatus
	// Before lists only returns that are older than another one.
	Before *Position
	Limit  int
}

// ReturnView is a return with what there is to know of its order.
type ReturnView struct {
	Return
	OrderID     string
	OrderNumber string
	CustomerID  string
	// RefundAmount is what the refund of the return gives back. It is nil if there is none.
	RefundAmount *money.Money
}

// Position returns the place of the return in a list.
func (r ReturnView) Position() Position { return Position{CreatedAt: r.CreatedAt, ID: r.ID} }

// ReturnViews are the returns of an order, the oldest first.
func (v View) ReturnViews() []ReturnView {
	views := make([]ReturnView, len(v.Returns))
	for i, goods := range v.Returns {
		views[i] = ReturnView{Return: goods, OrderID: v.ID, OrderNumber: v.Number, CustomerID: v.CustomerID}
		if refund, ok := find(v.Refunds, func(r Refund) bool { return r.ReturnID == goods.ID }); ok {
			views[i].RefundAmount = &refund.Amount
		}
	}
	return views
}

// ReturnView returns a return of the order, with what there is to know of the order.
func (o Order) ReturnView(id string) (ReturnView, bool) {
	return find(o.View().ReturnViews(), func(r ReturnView) bool { return r.ID == id })
}
