package peerstest

import (
	"errors"
	"fmt"
	"time"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/parcels"
)

// Shipping is the service of that name: parcels, and the feed of their moves. A move is a transaction, whose number is the time when
// it began. Transactions commit in another order than they begin.
type Shipping struct {
	Parcels map[string]*Parcel // by order, those that were handed over
	// Bookings are the bookings that are open, by order.
	Bookings map[string]string
	// Refuses reports whether shipping refuses to book the parcel of an order. Nil means that it books all.
	Refuses func(orderID string) bool
	// Schedule returns the moves of a parcel that is handed over now. Nil means that it moves when Move is called.
	Schedule func(orderID string) []Move
	// Restored are the times when the database was restored. Positions from before are not known afterwards.
	Restored []time.Time
	// Feed tells the moves instead of the usual feed, unless it is nil.
	Feed  func(position string) parcels.News
	ended map[string]error // by booking, with the answer to whoever makes it again
	began time.Time
	all   []*Parcel
}

// Parcel is one that was handed over. Each of its moves begins after the one before it was committed.
type Parcel struct {
	orderID string
	moves   []Move
}

// Move is a transaction that moves a parcel.
type Move struct {
	Event          order.Event
	Began, Commits time.Time
}

// How many parcels are on a page of the feed.
const parcelsPage = 2

var (
	errUnknownOption    = fmt.Errorf("%w: unknown shipping option", aftersales.ErrNotShippable)
	errBookingCancelled = fmt.Errorf("%w: the booking was cancelled", aftersales.ErrNotShippable)
	errNotBooked        = errors.New("shipment not found")
	errHandedOver       = errors.New("the carrier has the parcel")
)

// book books a parcel. What becomes of a booking's id is decided once.
func (s *Shipping) book(b aftersales.Booking) error {
	open := s.Bookings[b.OrderID]
	switch {
	case s.ended[b.ID] != nil:
		return s.ended[b.ID]
	case s.Parcels[b.OrderID] != nil || open == b.ID:
		return nil
	case s.Refuses != nil && s.Refuses(b.OrderID):
		s.ended[b.ID] = errUnknownOption
		return errUnknownOption
	case open != "":
		s.ended[open] = errBookingCancelled
	}
	s.Bookings[b.OrderID] = b.ID
	return nil
}

// handOver hands a booked parcel over, once for an order.
func (s *Shipping) handOver(b aftersales.Booking) (order.Shipment, error) {
	shipment := order.Shipment{ID: "sh-" + b.OrderID, Carrier: "Royal", TrackingNumber: "RM1"}
	switch {
	case s.ended[b.ID] != nil:
		return order.Shipment{}, errBookingCancelled
	case s.Parcels[b.OrderID] != nil:
		return shipment, nil
	case s.Bookings[b.OrderID] != b.ID:
		return order.Shipment{}, errNotBooked
	}
	delete(s.Bookings, b.OrderID)
	p := &Parcel{orderID: b.OrderID}
	if s.Schedule != nil {
		p.moves = s.Schedule(b.OrderID)
	}
	s.all = append(s.all, p)
	s.Parcels[b.OrderID] = p
	return shipment, nil
}

// cancel ends a booking, whether or not it was made.
func (s *Shipping) cancel(b aftersales.Booking) error {
	switch {
	case s.ended[b.ID] != nil:
		return nil
	case s.Parcels[b.OrderID] != nil:
		return errHandedOver
	case s.Bookings[b.OrderID] == b.ID:
		delete(s.Bookings, b.OrderID)
	}
	s.ended[b.ID] = errBookingCancelled
	return nil
}

// parcel returns the parcel of an order, or nil.
func (s *Shipping) parcel(orderID string) *mend.Parcel {
	booking := aftersales.Booking{ID: s.Bookings[orderID], OrderID: orderID}
	switch {
	case s.Parcels[orderID] != nil:
		return &mend.Parcel{Booking: booking, HandedOver: true, TrackingNumber: "RM1"}
	case booking.ID != "":
		return &mend.Parcel{Booking: booking, TrackingNumber: "RM1"}
	default:
		return nil
	}
}

// Move moves the parcel of an order now.
func (s *Shipping) Move(orderID string, events ...order.Event) {
	p := s.Parcels[orderID]
	for _, event := range events {
		now := time.Now()
		p.moves = append(p.moves, Move{Event: event, Began: now, Commits: now})
	}
}

// number is the number of a transaction.
func (s *Shipping) number(began time.Time) int64 { return int64(began.Sub(s.began)) }

// told is what can be seen of a parcel, with the transaction that changed it last: 0 if none did.
func (s *Shipping) told(p *Parcel) (seen parcels.Parcel, changed int64) {
	seen.OrderID = p.orderID
	for _, m := range p.moves {
		if !m.Commits.After(time.Now()) {
			seen.Moves = append(seen.Moves, m.Event)
			changed = s.number(m.Began)
		}
	}
	return seen, changed
}

// oldest is the oldest transaction that is running.
func (s *Shipping) oldest() int64 {
	now := time.Now()
	oldest := s.number(now)
	for _, p := range s.all {
		for _, m := range p.moves {
			if !m.Began.After(now) && m.Commits.After(now) {
				oldest = min(oldest, s.number(m.Began))
			}
		}
	}
	return oldest
}

// life is how often the database was restored.
func (s *Shipping) life() (n int) {
	for _, at := range s.Restored {
		if !at.After(time.Now()) {
			n++
		}
	}
	return n
}

// news is a page of the feed. A position is the life of the database, the transaction to begin from and, during a walk over several
// pages, the last one that was told.
func (s *Shipping) news(position string) parcels.News {
	if s.Feed != nil {
		return s.Feed(position)
	}
	var life int
	var from, after int64
	n, _ := fmt.Sscanf(position, "%d %d %d", &life, &from, &after)
	oldest := s.oldest()
	if n < 2 || life != s.life() {
		return parcels.News{Position: fmt.Sprint(s.life(), " ", oldest), Reset: true}
	}
	walking, least := n == 3, from
	if walking {
		least = after + 1
	} else {
		from = oldest
	}
	news := parcels.News{Position: position}
	for len(news.Changes) < parcelsPage {
		next, changed := s.next(least)
		if next == nil {
			break
		}
		news.Changes = append(news.Changes, *next)
		after, least = changed, changed+1
	}
	switch news.More = len(news.Changes) == parcelsPage; {
	case news.More:
		news.Position = fmt.Sprint(life, " ", from, " ", after)
	case walking || len(news.Changes) > 0:
		news.Position = fmt.Sprint(life, " ", min(from, after+1))
	}
	return news
}

// next returns the parcel that changed first, of those that did not change before a transaction.
func (s *Shipping) next(least int64) (found *parcels.Parcel, at int64) {
	for _, p := range s.all {
		if seen, changed := s.told(p); changed >= max(least, 1) && (found == nil || changed < at) {
			found, at = &seen, changed
		}
	}
	return found, at
}

// list returns the parcels of these orders that have moved.
func (s *Shipping) list(orderIDs []string) (all []parcels.Parcel) {
	for _, id := range orderIDs {
		if p := s.Parcels[id]; p != nil {
			if seen, _ := s.told(p); len(seen.Moves) > 0 {
				all = append(all, seen)
			}
		}
	}
	return all
}
