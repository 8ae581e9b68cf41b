// Package parcels is responsible for following the parcels of dispatched orders: it writes the moves that shipping tells into the
// timelines, the last of which makes an order delivered.
package parcels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"souk/platform/telemetry"

	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/order"
)

const (
	// catchUpBatch is how many orders are asked about in one call when the position in the feed is lost.
	catchUpBatch = 100
	// pendingBatch is how many pending moves are tried again in one round.
	pendingBatch = 1000
	// moveAttempts is how often a change of an order is tried while others change the order at the same time.
	moveAttempts = 3
)

// Follower follows parcels.
type Follower struct {
	store    Store
	shipping Shipping
	logger   *slog.Logger
}

// New returns a follower.
func New(store Store, shipping Shipping, logger *slog.Logger) *Follower {
	return &Follower{store: store, shipping: shipping, logger: logger}
}

// FollowParcels asks shipping for moves and writes them into the timelines. An order whose parcel has arrived becomes delivered. Any
// number of replicas may follow at once.
func (f *Follower) FollowParcels(ctx context.Context) error {
	waiting := f.retryPending(ctx)
	return errors.Join(waiting, f.feed().Follow(ctx))
}

func (f *Follower) feed() feed.Feed[Parcel] {
	return feed.Feed[Parcel]{
		Name: "parcels", News: f.shipping.Moved, Apply: f.writeMoves, CatchUp: f.catchUp,
		Position: f.store.ParcelPosition, SavePosition: f.store.SaveParcelPosition,
	}
}

// writeMoves writes moves into the timelines of their orders. It returns those that have to wait.
func (f *Follower) writeMoves(ctx context.Context, parcels []Parcel) (pending []Parcel, err error) {
	if len(parcels) == 0 {
		return nil, nil
	}
	ids := make([]string, len(parcels))
	for i, parcel := range parcels {
		ids[i] = parcel.OrderID
	}
	tracked, err := f.store.Tracked(ctx, ids)
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
		if err := f.writeParcel(ctx, parcel); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if !errors.Is(err, errNotDispatched) {
				f.logger.WarnContext(ctx, "a parcel's moves are written later", "order_id", parcel.OrderID, "error", err)
			}
			pending = append(pending, parcel)
		}
	}
	return pending, nil
}

// retryPending writes the moves that had to wait.
func (f *Follower) retryPending(ctx context.Context) error {
	pending, err := f.store.PendingMoves(ctx, pendingBatch)
	if err != nil {
		return err
	}
	var failed []error
	for _, parcel := range pending {
		err := f.writeParcel(ctx, parcel)
		if err == nil || errors.Is(err, order.ErrNotFound) {
			err = f.store.DeletePendingMoves(ctx, parcel)
		}
		if err != nil && !errors.Is(err, errNotDispatched) {
			failed = append(failed, fmt.Errorf("moves of order %s: %w", parcel.OrderID, err))
		}
	}
	return errors.Join(failed...)
}

// catchUp asks shipping about all orders whose parcels may be on their way, because moves may have been missed. Orders whose dispatch
// is being carried out come first: one of them that becomes fulfilled meanwhile is found among the fulfilled ones.
func (f *Follower) catchUp(ctx context.Context) (pending []Parcel, err error) {
	for _, status := range []order.Status{order.StatusConfirmed, order.StatusFulfilled} {
		filter := order.Filter{Status: status, Limit: catchUpBatch}
		for more := true; more; {
			var found []order.Order
			if found, more, err = f.store.List(ctx, filter); err != nil {
				return nil, err
			}
			waiting, err := f.catchUpWith(ctx, found)
			if err != nil {
				return nil, err
			}
			pending = append(pending, waiting...)
			if n := len(found); n > 0 {
				last := found[n-1].Position()
				filter.After = &last
			}
		}
	}
	return pending, nil
}

// catchUpWith asks shipping about those of the orders that may have a parcel.
func (f *Follower) catchUpWith(ctx context.Context, found []order.Order) (pending []Parcel, err error) {
	var ids []string
	for _, o := range found {
		if o.Status() == order.StatusFulfilled || o.Intent() == order.IntentDispatch {
			ids = append(ids, o.ID())
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	parcels, err := f.shipping.Moves(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("catch up with parcels: %w", err)
	}
	return f.writeMoves(ctx, parcels)
}

// errNotDispatched is returned for the moves of a parcel whose order is not saved as dispatched yet.
var errNotDispatched = errors.New("the order is not dispatched yet")

// writeParcel writes the moves of a parcel that are new into its order's timeline. The last of them may be its delivery. It
// returns order.ErrNotFound or errNotDispatched.
func (f *Follower) writeParcel(ctx context.Context, parcel Parcel) error {
	ctx, end := telemetry.Resume(ctx, parcel.Trace, "follow parcel", telemetry.Order(parcel.OrderID))
	err := f.write(ctx, parcel)
	if errors.Is(err, errNotDispatched) {
		end(nil) // it only has to wait
	} else {
		end(err)
	}
	return err
}

func (f *Follower) write(ctx context.Context, parcel Parcel) error {
	for attempt := 1; ; attempt++ {
		o, err := f.store.Get(ctx, parcel.OrderID)
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
		if _, err = f.store.Save(ctx, o); !errors.Is(err, order.ErrConflict) || attempt == moveAttempts {
			return err
		}
	}
}
