package simulation

import (
	"fmt"
	"time"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/parcels"
)

// shipping is the service of that name: parcels, and the feed of their moves. A move is a transaction, whose number is the time when
// it began. Transactions commit in another order than they begin.
type shipping struct {
	began    time.Time
	all      []*parcel
	parcels  map[string]*parcel // by order
	restored []time.Time        // when the database was restored, after which positions of before are not known
}

// parcel is one that was handed over. Each of its moves begins after the one before it was committed.
type parcel struct {
	orderID string
	moves   []move
}

type move struct {
	event          order.Event
	began, commits time.Time
}

// How many parcels are on a page of the feed.
const parcelsPage = 2

// wholeWay are the moves of every parcel.
var wholeWay = []order.Event{order.EventInTransit, order.EventOutForDelivery, order.EventDelivered}

func newShipping(restored []time.Duration) *shipping {
	s := &shipping{began: time.Now(), parcels: map[string]*parcel{}}
	for _, at := range restored {
		s.restored = append(s.restored, s.began.Add(at))
	}
	return s
}

// ship hands a parcel over, once for an order, and reports whether it is new. Some move before the answer is there.
func (s *shipping) ship(orderID string, d dice) (fresh bool) {
	if s.parcels[orderID] != nil {
		return false
	}
	p := &parcel{orderID: orderID}
	pause := one(d, 5*time.Millisecond, 300*time.Millisecond, 4*time.Second)
	at := time.Now()
	for _, event := range wholeWay {
		began := at.Add(d.between(pause/10, pause))
		at = began.Add(d.between(0, one(d, fast, 2*time.Second)))
		p.moves = append(p.moves, move{event: event, began: began, commits: at})
	}
	s.all = append(s.all, p)
	s.parcels[orderID] = p
	return true
}

// number is a transaction's.
func (s *shipping) number(began time.Time) int64 { return int64(began.Sub(s.began)) }

// told is what can be seen of a parcel, with the transaction that changed it last: 0 if none did.
func (s *shipping) told(p *parcel) (seen parcels.Parcel, changed int64) {
	seen.OrderID = p.orderID
	for _, m := range p.moves {
		if !m.commits.After(time.Now()) {
			seen.Moves = append(seen.Moves, m.event)
			changed = s.number(m.began)
		}
	}
	return seen, changed
}

// oldest is the oldest transaction that is running.
func (s *shipping) oldest() int64 {
	now := time.Now()
	oldest := s.number(now)
	for _, p := range s.all {
		for _, m := range p.moves {
			if !m.began.After(now) && m.commits.After(now) {
				oldest = min(oldest, s.number(m.began))
			}
		}
	}
	return oldest
}

// life is how often the database was restored.
func (s *shipping) life() (n int) {
	for _, at := range s.restored {
		if !at.After(time.Now()) {
			n++
		}
	}
	return n
}

// moved is a page of the feed. A position is the life of the database, the transaction to begin from and, during a walk over
// several pages, the last one that was told.
func (s *shipping) moved(position string) parcels.News {
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
	for len(news.Parcels) < parcelsPage {
		next, changed := s.next(least)
		if next == nil {
			break
		}
		news.Parcels = append(news.Parcels, *next)
		after, least = changed, changed+1
	}
	switch news.More = len(news.Parcels) == parcelsPage; {
	case news.More:
		news.Position = fmt.Sprint(life, " ", from, " ", after)
	case walking || len(news.Parcels) > 0:
		news.Position = fmt.Sprint(life, " ", min(from, after+1))
	}
	return news
}

// next returns the parcel that changed first, of those that did not change before a transaction.
func (s *shipping) next(least int64) (found *parcels.Parcel, at int64) {
	for _, p := range s.all {
		if seen, changed := s.told(p); changed >= max(least, 1) && (found == nil || changed < at) {
			found, at = &seen, changed
		}
	}
	return found, at
}

// moves returns what the parcels of these orders have done.
func (s *shipping) moves(orderIDs []string) (all []parcels.Parcel) {
	for _, id := range orderIDs {
		if p := s.parcels[id]; p != nil {
			if seen, _ := s.told(p); len(seen.Moves) > 0 {
				all = append(all, seen)
			}
		}
	}
	return all
}
