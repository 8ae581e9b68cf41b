package orders

import (
	"context"
	"fmt"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

// ReturnQuery asks for a page of returns. Its zero value asks for the newest of all.
type ReturnQuery struct {
	// Status is one of the statuses, or empty for any.
	Status order.ReturnStatus
	// Limit is 1 to 100; 0 means 20.
	Limit int
	// Cursor is the NextCursor of the page before, or empty.
	Cursor string
}

// ReturnPage is a part of a list. NextCursor is empty on the last page.
type ReturnPage struct {
	Returns    []order.ReturnView
	NextCursor string
}

// ListReturns returns a page of everyone's returns, newest first. It returns a *field.Error or ErrBadCursor.
func (s *Service) ListReturns(ctx context.Context, q ReturnQuery) (ReturnPage, error) {
	var c field.Checker
	checkLimit(&c, q.Limit)
	c.Check(q.Status == "" || q.Status.Known(), "status", "is unknown")
	if err := c.Err(); err != nil {
		return ReturnPage{}, err
	}
	before, err := positionOf(q.Cursor)
	if err != nil {
		return ReturnPage{}, err
	}
	found, more, err := s.store.Returns(ctx, order.ReturnFilter{Status: q.Status, Limit: limitOf(q.Limit), Before: before})
	if err != nil {
		return ReturnPage{}, fmt.Errorf("list returns: %w", err)
	}
	page := ReturnPage{Returns: found}
	if more {
		page.NextCursor = cursorOf(found[len(found)-1].Position())
	}
	return page, nil
}
