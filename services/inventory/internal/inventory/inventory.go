// Package inventory is the domain of stock: levels, the ledger that explains them, and the reservations that
// orders hold. Stock sold plus stock held never exceeds stock owned.
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
	// ErrReservationMismatch is returned when an order that has a reservation asks for other lines.
	ErrReservationMismatch = errors.New("the order's reservation has other lines")
	// ErrInsufficientStock is returned when an adjustment would leave less than is reserved.
	ErrInsufficientStock = errors.New("not enough stock")
	// ErrNotSold is returned for a return of more than the order bought and has not returned yet.
	ErrNotSold = errors.New("the order did not buy so many")
	// ErrReturnMismatch is returned for the id of another return.
	ErrReturnMismatch = errors.New("the id stands for another return")
)

// Level is the stock of one SKU, in pieces.
type Level struct {
	SKU string
	// OnHand counts the pieces in the warehouse, held ones included.
	OnHand int64
	// Reserved counts the pieces held for orders that are not confirmed yet.
	Reserved int64
}

// Available is what a new order can have.
func (l Level) Available() int64 { return l.OnHand - l.Reserved }

// Line is a quantity of a SKU, in pieces.
type Line struct {
	SKU      string
	Quantity int64
}

// Shortage is a line that cannot be had in full.
type Shortage struct {
	SKU                  string
	Requested, Available int64
}

// ShortageError is a reservation that was refused, with every line that is short.
type ShortageError struct {
	Shortages []Shortage
}

func (e *ShortageError) Error() string {
	return fmt.Sprintf("%d lines are short", len(e.Shortages))
}

// Adjustment is a change of what is on hand, and why.
type Adjustment struct {
	SKU    string
	Delta  int64
	Reason string
}

// Reservation is what an order asks to be held.
type Reservation struct {
	OrderID string
	Lines   []Line
	HoldFor time.Duration
}

// Return is what an order brings back of what it bought.
type Return struct {
	ID, OrderID string
	Lines       []Line
}

// Store keeps the books. Every change of a level is in the ledger by the same transaction.
type Store interface {
	// Levels returns the levels of the SKUs that are known.
	Levels(ctx context.Context, skus []string) ([]Level, error)
	// Adjust changes what is on hand, or returns ErrInsufficientStock.
	Adjust(ctx context.Context, adjustment Adjustment) (Level, error)
	// Open sets the first level of SKUs that have none, and returns how many had none.
	Open(ctx context.Context, lines []Line, reason string) (int, error)
	// Reserve holds every line or none, and returns until when. A *ShortageError names what is short, and is final;
	// ErrReservationEnded is for an order whose reservation is over. An order that has one gets it again, or
	// ErrReservationMismatch if it asks for other lines.
	Reserve(ctx context.Context, reservation Reservation) (time.Time, error)
	// Commit turns held stock into sold stock, once, or returns ErrReservationEnded.
	Commit(ctx context.Context, orderID string) error
	// Release gives back what an order holds, or has bought and not returned, once, and bars later reservations for it.
	Release(ctx context.Context, orderID string) error
	// Return takes back what an order bought, once for an id, or returns ErrNotSold or ErrReturnMismatch.
	Return(ctx context.Context, r Return) error
	// Expire releases some of the reservations that are past their time, and returns how many.
	Expire(ctx context.Context) (int, error)
	// Stock returns SKUs after one, in their order, as of one moment, and whether there are more. It returns at least one, and
	// fewer than the limit when their books are long.
	Stock(ctx context.Context, after string, limit int) (page []Stock, more bool, err error)
	// Reservations returns a page of the reservations, and whether there are more.
	Reservations(ctx context.Context, query ReservationQuery) (page []ReservationRecord, more bool, err error)
}
