package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/outage"

	"souk/services/orders/internal/order"
)

const (
	// FollowEvery is how often to ask shipping for moves.
	FollowEvery = time.Second
	// followWait is how long shipping waits for a move before it answers.
	followWait = 300 * time.Millisecond
	// Orders asked about in one call, when the position in the feed is lost.
	catchUpBatch = 100
	// Pending moves that are tried again in one round.
	pendingBatch = 1000
	// standBack is how long a replica leaves the feed to another one that was quicker.
	standBack = 5 * time.Second
	// How often a change of an order is tried when others change the order at the same time.
	moveAttempts = 3
)

// Tracked is an order with the number of its parcel's moves that are in its timeline.
type Tracked struct {
	ID     string
	Status order.Status
	Moves  int
}

// ParcelMoves are the moves of an order's parcel, the oldest first: order.EventInTransit, order.EventOutForDelivery and
// order.EventDelivered, each once at most.
type ParcelMoves struct {
	OrderID string
	Moves   []order.Event
}

// ParcelNews are the moves since a position in shipping's feed.
type ParcelNews struct {
	Parcels []ParcelMoves
	// Position is where to go on from.
	Position string
	// More says that more have moved.
	More bool
	// Reset says that shipping does not know the position that was asked from. Moves before the new one are not told.
	Reset bool
}

// FollowParcels writes what shipping tells of parcels' moves into the timelines, and marks as delivered the orders whose parcels
// have arrived. Any number of replicas may follow at once.
//
// The position in the feed is saved after the moves. So a process that dies in between has them told again, and they are known
// then.
func (s *Service) FollowParcels(ctx context.Context) error {
	waiting := s.retryPending(ctx)
	for {
		more, err := s.followPage(ctx)
		if errors.Is(err, order.ErrConflict) {
			outage.Sleep(ctx, standBack)
			return waiting
		}
		if err != nil || !more {
			return errors.Join(waiting, err)
		}
	}
}

// followPage writes down what the next page of the feed tells, and reports whether another page is there. It returns order.ErrConflict
// when another replica was quicker.
func (s *Service) followPage(ctx context.Context) (more bool, err error) {
	position, err := s.store.ParcelPosition(ctx)
	if err != nil {
		return false, err
	}
	news, err := s.peers.Shipping.Moved(ctx, position, followWait)
	if err != nil {
		return false, fmt.Errorf("follow parcels: %w", err)
	}
	var pending []ParcelMoves
	if news.Reset {
		pending, err = s.catchUp(ctx)
	} else {
		pending, err = s.writeMoves(ctx, news.Parcels)
	}
	if err != nil {
		return false, err
	}
	if news.Position == position && len(pending) == 0 {
		return news.More, nil
	}
	return news.More, s.store.SaveParcelPosition(ctx, position, news.Position, pending)
}

// writeMoves writes moves into the timelines of their orders. It returns those that have to wait.
func (s *Service) writeMoves(ctx context.Context, parcels []ParcelMoves) (pending []ParcelMoves, err error) {
	if len(parcels) == 0 {
		return nil, nil
	}
	ids := make([]string, len(parcels))
	for i, parcel := range parcels {
		ids[i] = parcel.OrderID
	}
	tracked, err := s.store.Tracked(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Tracked, len(tracked))
	for _, known := range tracked {
		byID[known.ID] = known
	}
	for _, parcel := range parcels {
		known, found := byID[parcel.OrderID]
		if !found || len(parcel.Moves) <= known.Moves {
			continue
		}
		if err := s.writeParcel(ctx, parcel); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if !errors.Is(err, errNotDispatched) {
				s.logger.WarnContext(ctx, "a parcel's moves are written later", "order_id", parcel.OrderID, "error", err)
			}
			pending = append(pending, parcel)
		}
	}
	return pending, nil
}

// retryPending writes the moves that had to wait.
func (s *Service) retryPending(ctx context.Context) error {
	pending, err := s.store.PendingMoves(ctx, pendingBatch)
	if err != nil {
		return err
	}
	var failed []error
	for _, parcel := range pending {
		err := s.writeParcel(ctx, parcel)
		if err == nil || errors.Is(err, order.ErrNotFound) {
			err = s.store.DeletePendingMoves(ctx, parcel)
		}
		if err != nil && !errors.Is(err, errNotDispatched) {
			failed = append(failed, fmt.Errorf("moves of order %s: %w", parcel.OrderID, err))
		}
	}
	return errors.Join(failed...)
}

// catchUp asks shipping about all orders whose parcels may be on their way, once, because moves may have been missed. Those whose
// dispatch is being carried out come first: one that becomes fulfilled meanwhile is found among the fulfilled ones.
func (s *Service) catchUp(ctx context.Context) (pending []ParcelMoves, err error) {
	for _, status := range []order.Status{order.StatusConfirmed, order.StatusFulfilled} {
		filter := order.Filter{Status: status, Limit: catchUpBatch}
		for more := true; more; {
			var found []order.Order
			if found, more, err = s.store.List(ctx, filter); err != nil {
				return nil, err
			}
			waiting, err := s.catchUpWith(ctx, found)
			if err != nil {
				return nil, err
			}
			pending = append(pending, waiting...)
			if n := len(found); n > 0 {
				last := found[n-1].Position()
				filter.Before = &last
			}
		}
	}
	return pending, nil
}

// catchUpWith asks shipping about those of the orders that may have a parcel.
func (s *Service) catchUpWith(ctx context.Context, found []order.Order) (pending []ParcelMoves, err error) {
	var ids []string
	for _, o := range found {
		if o.Status() == order.StatusFulfilled || o.Intent() == order.IntentDispatch {
			ids = append(ids, o.ID())
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	parcels, err := s.peers.Shipping.Moves(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("catch up with parcels: %w", err)
	}
	return s.writeMoves(ctx, parcels)
}

// errNotDispatched is returned for the moves of a parcel whose order does not know yet that it was dispatched.
var errNotDispatched = errors.New("the order is not dispatched yet")

// writeParcel writes the moves of a parcel that are new into its order's timeline. The last of them may be its delivery. It
// returns order.ErrNotFound or errNotDispatched.
func (s *Service) writeParcel(ctx context.Context, parcel ParcelMoves) error {
	for attempt := 1; ; attempt++ {
		o, err := s.store.Get(ctx, parcel.OrderID)
		if err != nil {
			return err
		}
		switch o.Status() {
		case order.StatusPending, order.StatusConfirmed:
			return errNotDispatched
		case order.StatusFulfilled:
		default:
			return nil // because all moves are known
		}
		news, err := o.RecordMoves(parcel.Moves)
		if err != nil || !news {
			return err
		}
		if _, err = s.store.Save(ctx, o); !errors.Is(err, order.ErrConflict) || attempt == moveAttempts {
			return err
		}
	}
}
