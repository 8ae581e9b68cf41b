package orders_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/parcels"
	"souk/services/orders/internal/saga"
)

var errAway = fmt.Errorf("%w: the peer is away", saga.ErrUnavailable)

// world is all the other services, in memory, behaving as their contracts say. Its hook is called before
// and after each call takes effect: it may return an error (the call fails, or its answer is lost) or
// panic (our process dies there).
type world struct {
	mu           sync.Mutex
	hook         func(ctx context.Context, point string) error
	calls        []string
	carts        map[string][]order.Item
	checkedOut   map[string]bool
	variants     map[string]checkout.Variant
	addresses    map[string]order.Address
	stock        map[string]int64
	reservations map[string]*reservation
	payments     map[string]*payment
	shipments    map[string]order.Shipment
	arrived      map[string]bool
	moves        map[string][]order.Event           // before the arrival
	feed         func(position string) parcels.News // instead of the usual one, with mu held
	unrefundable bool                               // payments refuses refunds
}

const (
	cartID   = "cart"
	declined = "pm_card_declined"
	visa     = "pm_card_visa"
)

// newWorld has a cart with three mugs and two plates, of which there are ten each.
func newWorld() *world {
	return &world{
		carts:      map[string][]order.Item{cartID: {{SKU: "PLATE", Quantity: 2}, {SKU: "MUG", Quantity: 3}}},
		checkedOut: map[string]bool{},
		variants: map[string]checkout.Variant{
			"MUG":   {SKU: "MUG", Title: "Mug", Price: money.New(1250, "GBP"), WeightGrams: 400, Origin: mugOrigin()},
			"PLATE": {SKU: "PLATE", Title: "Plate", Price: money.New(999, "GBP"), WeightGrams: 700},
		},
		addresses:    map[string]order.Address{"home": home()},
		stock:        map[string]int64{"MUG": 10, "PLATE": 10},
		reservations: map[string]*reservation{},
		payments:     map[string]*payment{},
		shipments:    map[string]order.Shipment{},
		arrived:      map[string]bool{},
		moves:        map[string][]order.Event{},
	}
}

func mugOrigin() order.Origin {
	return order.Origin{
		ProductID: "0198a000-0000-7000-8000-000000000001", Slug: "mug",
		Image:   &order.Image{URL: "https://example.com/mug.jpg", Alt: "A <blue> mug"},
		Options: []order.Option{{Name: "Size", Value: "S"}, {Name: "Color", Value: "Blue"}},
	}
}

func home() order.Address {
	return order.Address{Name: "Sam", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
}

func (w *world) peers() orders.Peers {
	return orders.Peers{Carts: w, Catalog: w, Customers: w, Inventory: inventory{w}, Payments: payments{w}, Shipping: w}
}

// call runs effect as the body of a remote call.
func (w *world) call(ctx context.Context, name string, effect func() error) error {
	if err := w.strike(ctx, "before "+name); err != nil {
		return err
	}
	w.mu.Lock()
	w.calls = append(w.calls, name)
	err := effect()
	w.mu.Unlock()
	if struck := w.strike(ctx, "after "+name); struck != nil {
		return struck
	}
	return err
}

func (w *world) strike(ctx context.Context, point string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", saga.ErrUnavailable, ctx.Err())
	}
	w.mu.Lock()
	hook := w.hook
	w.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(ctx, point)
}

func (w *world) setHook(hook func(ctx context.Context, point string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// failing makes every call whose point is named fail.
func (w *world) failing(points ...string) {
	w.setHook(func(_ context.Context, point string) error {
		if slices.Contains(points, point) {
			return errAway
		}
		return nil
	})
}

func (w *world) Items(ctx context.Context, id string) (items []order.Item, err error) {
	err = w.call(ctx, "get cart", func() error {
		found, ok := w.carts[id]
		if !ok {
			return checkout.ErrCartNotFound
		}
		items = slices.Clone(found)
		return nil
	})
	return items, err
}

func (w *world) CheckOut(ctx context.Context, id, orderID string, items []order.Item) error {
	return w.call(ctx, "check out cart", func() error {
		if w.checkedOut[orderID] {
			return nil
		}
		w.checkedOut[orderID] = true
		for _, ordered := range items {
			w.carts[id] = slices.DeleteFunc(w.carts[id], func(i order.Item) bool { return i == ordered })
		}
		return nil
	})
}

func (w *world) Variants(ctx context.Context, skus []string) (found map[string]checkout.Variant, err error) {
	err = w.call(ctx, "get variants", func() error {
		found = maps.Clone(w.variants)
		maps.DeleteFunc(found, func(sku string, _ checkout.Variant) bool { return !slices.Contains(skus, sku) })
		return nil
	})
	return found, err
}

func (w *world) Address(ctx context.Context, id string) (address order.Address, err error) {
	err = w.call(ctx, "get address", func() error {
		found, ok := w.addresses[id]
		if !ok {
			return checkout.ErrAddressNotFound
		}
		address = found
		return nil
	})
	return address, err
}

func (w *world) Quote(ctx context.Context, _ order.Address, _ int64, currency string) (options []checkout.ShippingOption, err error) {
	err = w.call(ctx, "quote", func() error {
		options = []checkout.ShippingOption{
			{ID: "standard", Carrier: "Royal", Service: "48", Price: money.New(395, currency)},
			{ID: "express", Carrier: "Royal", Service: "24", Price: money.New(695, currency)},
		}
		return nil
	})
	return options, err
}

func (w *world) Ship(ctx context.Context, orderID string, _ order.Address, _ order.ShippingChoice) (shipment order.Shipment, err error) {
	err = w.call(ctx, "ship", func() error {
		if _, ok := w.shipments[orderID]; !ok {
			w.shipments[orderID] = order.Shipment{ID: "sh-" + orderID, Carrier: "Royal", TrackingNumber: "RM1"}
		}
		shipment = w.shipments[orderID]
		return nil
	})
	return shipment, err
}

func (w *world) Moves(ctx context.Context, ids []string) (moved []parcels.Parcel, err error) {
	err = w.call(ctx, "list shipments", func() error {
		moved = w.moved(ids)
		return nil
	})
	return moved, err
}

// Moved tells, after a position, of every parcel that ever moved, as the contract allows.
func (w *world) Moved(ctx context.Context, position string, _ time.Duration) (news parcels.News, err error) {
	err = w.call(ctx, "watch parcels", func() error {
		if w.feed != nil {
			news = w.feed(position)
			return nil
		}
		news = parcels.News{Position: "here", Reset: position != "here"}
		if !news.Reset {
			news.Parcels = w.moved(slices.Sorted(maps.Keys(w.shipments)))
		}
		return nil
	})
	return news, err
}

func (w *world) moved(ids []string) (moved []parcels.Parcel) {
	for _, id := range ids {
		moves := slices.Clone(w.moves[id])
		if w.arrived[id] {
			moves = append(moves, order.EventDelivered)
		}
		if len(moves) > 0 {
			moved = append(moved, parcels.Parcel{OrderID: id, Moves: moves})
		}
	}
	return moved
}

// mustAgreeWith fails the test unless everyone else's view of the order fits its status.
func (w *world) mustAgreeWith(t *testing.T, o order.View) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	type view struct {
		reservation, payment string
		cartEmptied, shipped bool
	}
	got := view{cartEmptied: w.checkedOut[o.ID]}
	_, got.shipped = w.shipments[o.ID]
	if r := w.reservations[o.ID]; r != nil {
		got.reservation = r.status
	}
	if p := w.payments[o.ID]; p != nil {
		got.payment = p.status
		if p.charges > 1 {
			t.Errorf("order %s was charged %d times", o.ID, p.charges)
		}
	}
	want := map[order.Status]view{
		order.StatusConfirmed: {"committed", "authorized", true, false},
		order.StatusFulfilled: {"committed", "captured", true, true},
		order.StatusDelivered: {"committed", "captured", true, true},
		order.StatusCancelled: {"ended", "voided", true, false},
		order.StatusRejected:  {"ended", "voided", false, false},
	}[o.Status]
	if o.Status == order.StatusRejected && o.Payment.Status == order.PaymentDeclined {
		want.payment = "declined"
	}
	if got != want {
		t.Errorf("order %s is %s, but the others say %+v, want %+v", o.ID, o.Status, got, want)
	}
	if string(o.Payment.Status) != got.payment {
		t.Errorf("payment is %s here and %s there", o.Payment.Status, got.payment)
	}
}
