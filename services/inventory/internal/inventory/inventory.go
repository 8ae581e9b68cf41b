// Package inventory is the domain of stock: levels, the ledger that explains them, and reservations for orders. The sum of sold
// and held stock never exceeds the owned stock, but for lines with ContinueSelling.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrReservationEnded is returned for a reservation that was released or has expired.
	ErrReservationEnded = errors.New("the reservation has ended")
	// ErrReservationMismatch is returned if an order with a reservation asks for different lines.
	ErrReservationMismatch = errors.New("the order's reservation has other lines")
	// ErrInsufficientStock is returned if an adjustment would leave less stock than is reserved.
	ErrInsufficientStock = errors.New("not enough stock")
	// ErrNotSold is returned for a return of more pieces than the order bought and has not returned yet.
	ErrNotSold = errors.New("the order did not buy so many")
	// ErrReturnMismatch is returned if the ID belongs to a different return.
	ErrReturnMismatch = errors.New("the id stands for another return")
)

// AvailabilityLimits are the levels at which the availability of a SKU changes, in pieces. Shoppers see the first two: sold out below 1, and
// low below 6. The others tell whether there are enough pieces for a line of a cart. The database has them too, in availability().
var AvailabilityLimits = []int64{1, 6, 12, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000}

// Level is the stock of one SKU, in pieces.
type Level struct {
	SKU string
	// OnHand is the number of pieces in the warehouse, including held ones. It is below 0 if more were sold than there were.
	OnHand int64
	// Reserved is the number of pieces held for orders that are not confirmed yet.
	Reserved int64
}

// Available returns the number of pieces that new orders can reserve. If it is below 0, so many are on backorder.
func (l Level) Available() int64 { return l.OnHand - l.Reserved }

// Line is a quantity of a SKU, in pieces.
type Line struct {
	SKU      string
	Quantity int64
	// ContinueSelling means that it is sold although there is too little stock.
	ContinueSelling bool
}

// Shortage describes a line with too little stock.
type Shortage struct {
	SKU                  string
	Requested, Available int64
}

// ShortageError refuses a reservation. It names every line with too little stock.
type ShortageError struct {
	Shortages []Shortage
}

func (e *ShortageError) Error() string {
	return fmt.Sprintf("%d lines are short", len(e.Shortages))
}

// Adjustment is a change of the stock on hand, with its reason.
type Adjustment struct {
	SKU    string
	Delta  int64
	Reason string
}

// Reservation is a request to hold stock for an order.
type Reservation struct {
	OrderID string
	Lines   []Line
	HoldFor time.Duration
}

// Return is a return of stock that an order bought.
type Return struct {
	ID, OrderID string
	Lines       []Line
}

// Store stores levels, ledger and reservations. Each change of a level is written to the ledger in the same transaction.
type Store interface {
	// Levels returns the levels of the known SKUs among skus.
	Levels(ctx context.Context, skus []string) ([]Level, error)
	// Adjust changes the stock on hand, or returns ErrInsufficientStock.
	Adjust(ctx context.Context, adjustment Adjustment) (Level, error)
	// Open sets the initial level of SKUs that have none, and returns how many there were.
	Open(ctx context.Context, lines []Line, reason string) (int, error)
	// Reserve holds all lines or none, and returns the time until which they are held. A *ShortageError names the lines with
	// too little stock, and is final for the order. ErrReservationEnded is returned if the order's reservation has ended. If
	// the order has a reservation already, Reserve returns that one, or ErrReservationMismatch if the lines differ.
	Reserve(ctx context.Context, reservation Reservation) (time.Time, error)
	// Commit converts held stock to sold stock, or returns ErrReservationEnded. Repeating it has no effect.
	Commit(ctx context.Context, orderID string) error
	// RestoreSale sells lines to an order that has bought them before the database was restored, whether its reservation is held or
	// expired, or there is none. Repeating it has no effect. Its errors are a *ShortageError, ErrReservationEnded if the reservation was
	// released, and ErrReservationMismatch if it has other lines.
	RestoreSale(ctx context.Context, orderID string, lines []Line) error
	// Release returns the stock that an order holds, or has bought and not returned, and prevents later reservations for the
	// order. Repeating it has no effect.
	Release(ctx context.Context, orderID string) error
	// Return takes back stock that an order bought. Repeating it with the same ID has no effect. Its errors are ErrNotSold and
	// ErrReturnMismatch.
	Return(ctx context.Context, r Return) error
	// Expire releases some of the overdue reservations, and returns how many.
	Expire(ctx context.Context) (int, error)
	// Stock returns the SKUs after one, in order and from a single snapshot, and whether there are more. It returns at least
	// one SKU, and fewer than the limit if they have many ledger entries and lines.
	Stock(ctx context.Context, after string, limit int) (page []Stock, more bool, err error)
	// Reservations returns a page of the reservations, and whether there are more.
	Reservations(ctx context.Context, query ReservationQuery) (page []ReservationRecord, more bool, err error)
}
