package shipping

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"souk/platform/field"
)

const (
	maxParcels     = 1000
	defaultParcels = 100
)

// ParcelQuery selects parcels that are booked or handed over, sorted by their orders' IDs.
type ParcelQuery struct {
	Limit int
	// After is the last order ID of the previous page, or empty.
	After string
	// OrderIDs restricts the result to these orders, if it is not empty.
	OrderIDs []string
}

// Parcels returns a page of parcels, without their events, and the ID after which the next page begins, or "" at the end. A limit of 0
// means 100.
func (s *Service) Parcels(ctx context.Context, q ParcelQuery) (page []Shipment, next string, err error) {
	var check field.Checker
	check.Check(q.Limit >= 0 && q.Limit <= maxParcels, "limit", fmt.Sprintf("must be 1 to %d", maxParcels))
	q.Limit = cmp.Or(q.Limit, defaultParcels)
	q.After = check.CheckID("after", cmp.Or(q.After, uuid.Nil.String()))
	check.Check(len(q.OrderIDs) <= maxParcels, "order_ids", fmt.Sprintf("must have at most %d items", maxParcels))
	for i, id := range q.OrderIDs {
		check.CheckID(fmt.Sprintf("order_ids[%d]", i), id)
	}
	if err := check.Err(); err != nil {
		return nil, "", err
	}
	page, more, err := s.store.Parcels(ctx, q)
	if err != nil || !more {
		return page, "", err
	}
	return page, page[len(page)-1].OrderID, nil
}
