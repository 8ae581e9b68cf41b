package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/identifier"
)

const (
	maxStock            = 2000
	defaultStock        = 1000
	maxReservations     = 1000
	defaultReservations = 100
)

// Stock is what the books say of a SKU, in pieces. All but the level is summed up from the ledger and the
// reservations, so that it can be held against the level.
type Stock struct {
	Level
	// Owned is what was opened and adjusted.
	Owned int64
	// Sold is what was sold, less what came back from cancelled orders and returns.
	Sold int64
	// Held is what reservations hold.
	Held int64
	// Committed is what committed reservations bought, less what they returned.
	Committed int64
}

// Status is what has become of a reservation.
type Status string

// The statuses of a reservation: it is held, and then one of the others.
const (
	Held      Status = "held"
	Committed Status = "committed"
	Released  Status = "released"
	Expired   Status = "expired"
)

// ReservationRecord is a reservation as the books have it.
type ReservationRecord struct {
	OrderID   string
	Status    Status
	ExpiresAt time.Time
	// Lines are what it holds, held or bought. Returned is what came back of it.
	Lines, Returned []Line
}

// ReservationQuery asks for reservations in the order of their orders' ids.
type ReservationQuery struct {
	Limit int
	// After is the id that came last, or empty.
	After string
	// OrderIDs are the only orders wanted, if there are any.
	OrderIDs []string
}

// Stock returns a page of all SKUs in their order, and after what the next page begins, if there is one. A limit of
// 0 means 1,000. A page ends before its limit when it has added up 100,000 entries and lines.
func (s *Service) Stock(ctx context.Context, limit int, after string) (page []Stock, next string, err error) {
	var check field.Checker
	limit = checkLimit(&check, limit, defaultStock, maxStock)
	check.Check(after == "" || identifier.ValidSKU(after), "after", "is not from a page")
	if err := check.Err(); err != nil {
		return nil, "", err
	}
	page, more, err := s.store.Stock(ctx, after, limit)
	if err != nil || !more {
		return page, "", err
	}
	return page, page[len(page)-1].SKU, nil
}

// Reservations returns a page of reservations, and after what the next page begins, if there is one. A limit of 0
// means 100. A page of very long reservations ends before its limit.
func (s *Service) Reservations(ctx context.Context, q ReservationQuery) (page []ReservationRecord, next string, err error) {
	var check field.Checker
	q.Limit = checkLimit(&check, q.Limit, defaultReservations, maxReservations)
	if q.After == "" {
		q.After = uuid.Nil.String()
	} else {
		q.After = checkID(&check, "after", q.After)
	}
	check.Check(len(q.OrderIDs) <= maxReservations, "order_ids", fmt.Sprintf("must have at most %d items", maxReservations))
	for i, id := range q.OrderIDs {
		checkID(&check, fmt.Sprintf("order_ids[%d]", i), id)
	}
	if err := check.Err(); err != nil {
		return nil, "", err
	}
	page, more, err := s.store.Reservations(ctx, q)
	if err != nil || !more {
		return page, "", err
	}
	return page, page[len(page)-1].OrderID, nil
}

func checkLimit(check *field.Checker, limit, otherwise, most int) int {
	check.Check(limit >= 0 && limit <= most, "limit", fmt.Sprintf("must be 1 to %d", most))
	if limit == 0 {
		return otherwise
	}
	return limit
}
