package peerstest

import (
	"errors"
	"fmt"
	"time"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

// The statuses of a reservation.
const (
	Held      = "held"
	Committed = "committed"
	Released  = "released"
	Expired   = "expired"
)

var errNotSold = errors.New("the order did not buy so many")

// Inventory is the service of that name.
type Inventory struct {
	Levels       map[string]*Level       // by SKU
	Reservations map[string]*Reservation // by order
}

// Level is the stock of a SKU. What is on hand includes what is reserved. What is owned includes what was sold.
type Level struct {
	Owned, OnHand, Reserved int64
	// continued means that an order could buy the SKU although there was too little.
	continued bool
}

// Reservation is the stock of an order.
type Reservation struct {
	Status   string
	Items    []order.Item
	Returned map[string][]order.Item          // by return
	expires  time.Time                        // while it is held
	short    *checkout.InsufficientStockError // why it was refused, for good
}

func (i *Inventory) level(sku string) *Level {
	if i.Levels[sku] == nil {
		i.Levels[sku] = &Level{}
	}
	return i.Levels[sku]
}

// Add puts pieces on the shelf.
func (i *Inventory) Add(sku string, pieces int64) {
	l := i.level(sku)
	l.Owned += pieces
	l.OnHand += pieces
}

// Left returns how many pieces can be bought.
func (i *Inventory) Left(sku string) int64 {
	l := i.level(sku)
	return l.OnHand - l.Reserved
}

// SetLeft adds or removes pieces, so that as many can be bought.
func (i *Inventory) SetLeft(sku string, pieces int64) { i.Add(sku, pieces-i.Left(sku)) }

func (i *Inventory) available(skus []string) map[string]int64 {
	found := map[string]int64{}
	for _, sku := range skus {
		if i.Levels[sku] != nil {
			found[sku] = i.Left(sku)
		}
	}
	return found
}

func (i *Inventory) reserve(orderID string, items []order.StockItem, holdFor time.Duration) error {
	if r := i.Reservations[orderID]; r != nil {
		if r.short != nil {
			return r.short
		}
		return r.ended()
	}
	short := &checkout.InsufficientStockError{}
	for _, item := range items {
		if left := i.Left(item.SKU); left < item.Quantity && !item.ContinueSelling {
			short.Shortages = append(short.Shortages, order.Shortage{SKU: item.SKU, Requested: item.Quantity, Available: max(left, 0)})
		}
	}
	if len(short.Shortages) > 0 {
		i.Reservations[orderID] = &Reservation{Status: Released, short: short}
		return short
	}
	i.Reservations[orderID] = &Reservation{Status: Held, expires: time.Now().Add(holdFor), Items: pieces(items)}
	i.move(pieces(items), 0, 1)
	for _, item := range items {
		i.level(item.SKU).continued = i.level(item.SKU).continued || item.ContinueSelling
	}
	return nil
}

func (r *Reservation) ended() error {
	if r == nil || r.Status == Released || r.Status == Expired {
		return checkout.ErrReservationEnded
	}
	return nil
}

func (i *Inventory) commit(orderID string) error {
	r := i.Reservations[orderID]
	if err := r.ended(); err != nil {
		return err
	}
	if r.Status == Held {
		r.Status = Committed
		i.move(r.Items, -1, -1)
	}
	return nil
}

// restoreSale sells items to an order whose sale was forgotten.
func (i *Inventory) restoreSale(orderID string, items []order.StockItem) error {
	r := i.Reservations[orderID]
	switch {
	case r == nil || r.Status == Expired:
		delete(i.Reservations, orderID)
		if err := i.reserve(orderID, items, time.Minute); err != nil {
			delete(i.Reservations, orderID)
			return err
		}
	case r.Status == Released:
		return checkout.ErrReservationEnded
	}
	return i.commit(orderID)
}

func (i *Inventory) release(orderID string) {
	r := i.Reservations[orderID]
	switch {
	case r == nil:
		r = &Reservation{}
		i.Reservations[orderID] = r
	case r.Status == Held:
		i.move(r.Items, 0, -1)
	case r.Status == Committed:
		i.move(r.Items, 1, 0)
	}
	r.Status = Released
}

// takeBack takes pieces back that an order bought, once for each return.
func (i *Inventory) takeBack(orderID, returnID string, items []order.Item) error {
	r := i.Reservations[orderID]
	if r == nil || r.Status != Committed {
		return errNotSold
	}
	if _, again := r.Returned[returnID]; again {
		return nil
	}
	left := map[string]int64{}
	for _, item := range r.Items {
		left[item.SKU] += item.Quantity
	}
	for _, back := range r.Returned {
		for _, item := range back {
			left[item.SKU] -= item.Quantity
		}
	}
	for _, item := range items {
		if left[item.SKU] < item.Quantity {
			return errNotSold
		}
	}
	if r.Returned == nil {
		r.Returned = map[string][]order.Item{}
	}
	r.Returned[returnID] = items
	i.move(items, 1, 0)
	return nil
}

// Sweep ends the holds whose time is over.
func (i *Inventory) Sweep() {
	for id, r := range i.Reservations {
		if r.Status == Held && r.expires.Before(time.Now()) {
			i.Expire(id)
		}
	}
}

// Expire ends a hold.
func (i *Inventory) Expire(orderID string) {
	r := i.Reservations[orderID]
	r.Status = Expired
	i.move(r.Items, 0, -1)
}

func pieces(items []order.StockItem) []order.Item {
	out := make([]order.Item, len(items))
	for n, item := range items {
		out[n] = item.Item
	}
	return out
}

// move changes what is on hand and what is reserved by so many times the items.
func (i *Inventory) move(items []order.Item, onHand, reserved int64) {
	for _, item := range items {
		l := i.level(item.SKU)
		l.OnHand += onHand * item.Quantity
		l.Reserved += reserved * item.Quantity
	}
}

// Check recounts everything and returns an error unless the levels say the same and nothing is oversold.
func (i *Inventory) Check() error {
	sold, holding := map[string]int64{}, map[string]int64{}
	for _, r := range i.Reservations {
		for _, item := range r.Items {
			switch r.Status {
			case Held:
				holding[item.SKU] += item.Quantity
			case Committed:
				sold[item.SKU] += item.Quantity
			}
		}
		for _, back := range r.Returned {
			for _, item := range back {
				sold[item.SKU] -= item.Quantity
			}
		}
	}
	for sku, l := range i.Levels {
		switch {
		case sold[sku]+holding[sku] > l.Owned && !l.continued:
			return fmt.Errorf("%s: %d sold and %d held of %d", sku, sold[sku], holding[sku], l.Owned)
		case l.OnHand != l.Owned-sold[sku] || l.Reserved != holding[sku]:
			return fmt.Errorf("%s: level %+v with %d sold and %d held", sku, *l, sold[sku], holding[sku])
		}
	}
	return nil
}
