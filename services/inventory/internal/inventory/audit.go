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

// Stock is the accounts of a SKU, in pieces. All numbers but the level are computed from the ledger and the reservations, so
// that they can be compared with the level.
type Stock struct {
	Level
	// Owned is the sum of opened and adjusted stock.
	Owned int64
	// Sold is the stock sold, minus stock that came back from canceled orders and returns.
	Sold int64
	// Held is the stock held by reservations.
	Held int64
	// Committed is the stock bought by committed reservations, minus the stock they returned.
	Committed int64
	// Continued is the part of Held and Committed that could be sold without stock.
	Continued int64
}

// Status is the status of a reservation.
type Status string

// A reservation is first held, and then gets one of the other statuses.
const (
	Held      Status = "held"
	Committed Status = "committed"
	Released  Status = "released"
	Expired   Status = "expired"
)

// ReservationRecord is a reservation as it is stored.
type ReservationRecord struct {
	OrderID   string
	Status    Status
	ExpiresAt time.Time
	// Lines are the held or bought lines. Returned are the returned ones.
	Lines, Returned []Line
}

// ReservationQuery selects reservations, sorted by order ID.
type ReservationQuery struct {
	Limit int
	// After is the last ID of the previous page, or empty.
	After string
	// OrderIDs restricts the result to these orders, if it is not empty.
	OrderIDs []string
}

// Stock returns a page of all SKUs in order, and the SKU after which the next page begins, or "" at the end. A limit of 0 means
// 1,000. A page is shorter than its limit once it has added up 100,000 ledger entries and reservation lines.
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

// Reservations returns a page of reservations, and the ID after which the next page begins, or "" at the end. A limit of 0
// means 100. A page is shorter than its limit if its reservations have very many lines.
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
