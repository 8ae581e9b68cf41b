package parcels

import (
	"context"
	"time"

	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/order"
)

// Parcel is an order's parcel that has moved.
type Parcel struct {
	OrderID string
	// Moves are the oldest first: order.EventInTransit, order.EventOutForDelivery and order.EventDelivered, each once at most.
	Moves []order.Event
	// Trace is where the trace of the parcel goes on; see telemetry.Resume.
	Trace string
}

// News are the moves since a position in shipping's feed.
type News = feed.News[Parcel]

// Shipping tells how parcels move. Any method may return saga.ErrUnavailable, or an error that nobody foresaw.
type Shipping interface {
	// Moves returns the parcels of these orders that have moved. 100 orders at most can be asked for.
	Moves(ctx context.Context, orderIDs []string) ([]Parcel, error)
	// Moved returns the parcels that have moved since a position in the feed of moves, a page at a time, each with all of its
	// moves so far. It waits for a move for so long at most. A move may be told several times.
	Moved(ctx context.Context, position string, wait time.Duration) (News, error)
}

// Tracked is an order with the number of its parcel's moves that are in its timeline.
type Tracked struct {
	ID     string
	Status order.Status
	Moves  int
}

// Store keeps the position in shipping's feed, and moves that wait for their orders. Each method that writes is one transaction.
type Store interface {
	order.Repository
	order.Lister
	// Tracked returns those of the orders that exist.
	Tracked(ctx context.Context, ids []string) ([]Tracked, error)
	// ParcelPosition returns how far shipping's feed of moves has been followed. It is empty before the first time.
	ParcelPosition(ctx context.Context) (string, error)
	// SaveParcelPosition saves how far the feed has been followed, together with moves that have to wait. It returns order.ErrConflict
	// when the position is not from any more.
	SaveParcelPosition(ctx context.Context, from, to string, pending []Parcel) error
	// PendingMoves returns up to limit parcels whose moves have to wait.
	PendingMoves(ctx context.Context, limit int) ([]Parcel, error)
	// DeletePendingMoves ends the wait of a parcel's moves, unless more of them wait by now.
	DeletePendingMoves(ctx context.Context, parcel Parcel) error
}
