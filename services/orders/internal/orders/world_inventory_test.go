package orders_test

import (
	"context"
	"errors"
	"maps"
	"time"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// inventory is the inventory of the world.
type inventory struct{ *world }

type reservation struct {
	status  string // held, committed, ended
	items   []order.Item
	returns map[string][]order.Item
	short   error // why it was refused, for good
}

func (w inventory) Available(ctx context.Context, _ []string) (available map[string]int64, err error) {
	err = w.call(ctx, "get levels", func() error {
		available = maps.Clone(w.stock)
		return nil
	})
	return available, err
}

func (w inventory) Reserve(ctx context.Context, orderID string, items []order.Item, _ time.Duration) error {
	return w.call(ctx, "reserve", func() error {
		if r, ok := w.reservations[orderID]; ok {
			if r.short != nil {
				return r.short
			}
			if r.status == "ended" {
				return checkout.ErrReservationEnded
			}
			return nil
		}
		short := &checkout.InsufficientStockError{}
		for _, item := range items {
			if w.stock[item.SKU] < item.Quantity {
				short.Shortages = append(short.Shortages, order.Shortage{SKU: item.SKU, Requested: item.Quantity, Available: w.stock[item.SKU]})
			}
		}
		if len(short.Shortages) > 0 {
			w.reservations[orderID] = &reservation{status: "ended", short: short}
			return short
		}
		w.reservations[orderID] = &reservation{status: "held", items: items}
		w.move(items, -1)
		return nil
	})
}

func (w inventory) Commit(ctx context.Context, orderID string) error {
	return w.call(ctx, "commit", func() error {
		r, ok := w.reservations[orderID]
		if !ok || r.status == "ended" {
			return checkout.ErrReservationEnded
		}
		r.status = "committed"
		return nil
	})
}

func (w inventory) Release(ctx context.Context, orderID string) error {
	return w.call(ctx, "release", func() error {
		w.end(orderID)
		return nil
	})
}

func (w inventory) Return(ctx context.Context, orderID, returnID string, items []order.Item) error {
	return w.call(ctx, "return stock", func() error {
		r, ok := w.reservations[orderID]
		if !ok || r.status != "committed" {
			return errors.New("not sold")
		}
		if _, again := r.returns[returnID]; again {
			return nil
		}
		if r.returns == nil {
			r.returns = map[string][]order.Item{}
		}
		r.returns[returnID] = items
		w.move(items, 1)
		return nil
	})
}

// end ends a reservation as a release or its expiry does.
func (w *world) end(orderID string) {
	r, ok := w.reservations[orderID]
	if !ok {
		r = &reservation{status: "held"}
		w.reservations[orderID] = r
	}
	if r.status != "ended" {
		w.move(r.items, 1)
	}
	r.status = "ended"
}

func (w *world) move(items []order.Item, sign int64) {
	for _, item := range items {
		w.stock[item.SKU] += sign * item.Quantity
	}
}
