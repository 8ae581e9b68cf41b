package simulation

import (
	"errors"
	"fmt"
	"time"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// What becomes of a reservation.
const (
	held      = "held"
	committed = "committed"
	released  = "released"
	expired   = "expired"
)

// How often expired reservations are swept.
const sweepEvery = 5 * time.Second

var errNotSold = errors.New("the order did not buy so many")

// inventory is the service of that name.
type inventory struct {
	levels       map[string]*level
	reservations map[string]*reservation // by order
}

// level is a SKU's stock. What is on hand includes what is held.
type level struct{ owned, onHand, reserved int64 }

type reservation struct {
	status   string
	expires  time.Time
	items    []order.Item
	returned map[string][]order.Item          // by return
	short    *checkout.InsufficientStockError // why it was refused, for good
}

func newInventory(stock map[string]int64) *inventory {
	i := &inventory{levels: map[string]*level{}, reservations: map[string]*reservation{}}
	for sku, pieces := range stock {
		i.levels[sku] = &level{owned: pieces, onHand: pieces}
	}
	return i
}

// add puts pieces on the shelf.
func (i *inventory) add(sku string, pieces int64) {
	i.levels[sku].owned += pieces
	i.levels[sku].onHand += pieces
}

func (i *inventory) available(skus []string) map[string]int64 {
	found := map[string]int64{}
	for _, sku := range skus {
		found[sku] = i.levels[sku].onHand - i.levels[sku].reserved
	}
	return found
}

func (i *inventory) reserve(orderID string, items []order.Item, holdFor time.Duration) error {
	if r := i.reservations[orderID]; r != nil {
		if r.short != nil {
			return r.short
		}
		return r.ended()
	}
	short := &checkout.InsufficientStockError{}
	for _, item := range items {
		l := i.levels[item.SKU]
		if available := l.onHand - l.reserved; available < item.Quantity {
			short.Shortages = append(short.Shortages, order.Shortage{SKU: item.SKU, Requested: item.Quantity, Available: available})
		}
	}
	if len(short.Shortages) > 0 {
		i.reservations[orderID] = &reservation{status: released, short: short}
		return short
	}
	i.reservations[orderID] = &reservation{status: held, expires: time.Now().Add(holdFor), items: items}
	i.move(items, 0, 1)
	return nil
}

func (r *reservation) ended() error {
	if r == nil || r.status == released || r.status == expired {
		return checkout.ErrReservationEnded
	}
	return nil
}

func (i *inventory) commit(orderID string) error {
	r := i.reservations[orderID]
	if err := r.ended(); err != nil {
		return err
	}
	if r.status == held {
		r.status = committed
		i.move(r.items, -1, -1)
	}
	return nil
}

func (i *inventory) release(orderID string) {
	r := i.reservations[orderID]
	switch {
	case r == nil:
		r = &reservation{}
		i.reservations[orderID] = r
	case r.status == held:
		i.move(r.items, 0, -1)
	case r.status == committed:
		i.move(r.items, 1, 0)
	}
	r.status = released
}

// takeBack takes pieces back that an order bought, once for each return.
func (i *inventory) takeBack(orderID, returnID string, items []order.Item) error {
	r := i.reservations[orderID]
	if r == nil || r.status != committed {
		return errNotSold
	}
	if _, again := r.returned[returnID]; again {
		return nil
	}
	left := map[string]int64{}
	for _, item := range r.items {
		left[item.SKU] += item.Quantity
	}
	for _, back := range r.returned {
		for _, item := range back {
			left[item.SKU] -= item.Quantity
		}
	}
	for _, item := range items {
		if left[item.SKU] < item.Quantity {
			return errNotSold
		}
	}
	if r.returned == nil {
		r.returned = map[string][]order.Item{}
	}
	r.returned[returnID] = items
	i.move(items, 1, 0)
	return nil
}

// sweep ends the holds whose time is over.
func (i *inventory) sweep() {
	for _, r := range i.reservations {
		if r.status == held && r.expires.Before(time.Now()) {
			r.status = expired
			i.move(r.items, 0, -1)
		}
	}
}

// move changes what is on hand and what is reserved by so many times the items.
func (i *inventory) move(items []order.Item, onHand, reserved int64) {
	for _, item := range items {
		i.levels[item.SKU].onHand += onHand * item.Quantity
		i.levels[item.SKU].reserved += reserved * item.Quantity
	}
}

// check recounts everything and returns an error unless the levels say the same and nothing is oversold.
func (i *inventory) check() error {
	sold, holding := map[string]int64{}, map[string]int64{}
	for _, r := range i.reservations {
		for _, item := range r.items {
			switch r.status {
			case held:
				holding[item.SKU] += item.Quantity
			case committed:
				sold[item.SKU] += item.Quantity
			}
		}
		for _, back := range r.returned {
			for _, item := range back {
				sold[item.SKU] -= item.Quantity
			}
		}
	}
	for sku, l := range i.levels {
		switch {
		case sold[sku]+holding[sku] > l.owned:
			return fmt.Errorf("%s: %d sold and %d held of %d", sku, sold[sku], holding[sku], l.owned)
		case l.onHand != l.owned-sold[sku] || l.reserved != holding[sku]:
			return fmt.Errorf("%s: level %+v with %d sold and %d held", sku, *l, sold[sku], holding[sku])
		}
	}
	return nil
}
