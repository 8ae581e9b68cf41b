package orders_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/peerstest"
	"souk/services/orders/internal/saga"
)

var errAway = fmt.Errorf("%w: the peer is away", saga.ErrUnavailable)

// world is all the other services, in memory. Its hook is called before and after each call takes effect. It may return an error (the
// call fails, or its answer is lost) or panic (our process dies there).
type world struct {
	*peerstest.World
	mu    sync.Mutex
	hook  func(ctx context.Context, point string) error
	calls []string
}

const (
	cartID   = "cart"
	declined = peerstest.MethodDeclined
	visa     = peerstest.MethodVisa
)

// newWorld has a cart with three mugs and two plates, of which there are ten each.
func newWorld() *world {
	w := &world{World: peerstest.New()}
	w.Carts.Lines[cartID] = []order.Item{{SKU: "PLATE", Quantity: 2}, {SKU: "MUG", Quantity: 3}}
	w.Catalog.Variants["MUG"] = checkout.Variant{SKU: "MUG", Title: "Mug", Price: money.New(1250, "GBP"), WeightGrams: 400, Origin: mugOrigin()}
	w.Catalog.Variants["PLATE"] = checkout.Variant{SKU: "PLATE", Title: "Plate", Price: money.New(999, "GBP"), WeightGrams: 700}
	w.Addresses["home"] = home()
	w.Emails[customer] = "sam@example.com"
	w.Inventory.Add("MUG", 10)
	w.Inventory.Add("PLATE", 10)
	return w
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

// carry is the network: it calls the hook around each call.
func (w *world) carry(ctx context.Context, call peerstest.Call, effect func() (any, error)) (any, error) {
	if err := w.strike(ctx, "before "+call.Name); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.calls = append(w.calls, call.Name)
	answer, err := effect()
	w.mu.Unlock()
	if struck := w.strike(ctx, "after "+call.Name); struck != nil {
		return nil, struck
	}
	return answer, err
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

// move moves the parcel of an order.
func (w *world) move(orderID string, events ...order.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Shipping.Move(orderID, events...)
}

// mustAgreeWith fails the test unless everyone else's view of the order fits its status.
func (w *world) mustAgreeWith(t *testing.T, o order.View) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	type view struct {
		reservation, payment string
		cartEmptied, shipped bool
		booked               bool // the parcel is booked and not handed over
	}
	got := view{cartEmptied: w.Carts.CheckedOut[o.ID]}
	_, got.shipped = w.Shipping.Parcels[o.ID]
	_, got.booked = w.Shipping.Bookings[o.ID]
	if r := w.Inventory.Reservations[o.ID]; r != nil {
		got.reservation = r.Status
	}
	if p := w.Payments.Books[o.ID]; p != nil {
		got.payment = p.Status
	}
	if c := w.Payments.Bank[o.ID]; c != nil && c.Holds > 1 {
		t.Errorf("order %s was charged %d times", o.ID, c.Holds)
	}
	want := map[order.Status]view{
		order.StatusConfirmed: {peerstest.Committed, peerstest.Authorized, true, false, false},
		order.StatusFulfilled: {peerstest.Committed, peerstest.Captured, true, true, false},
		order.StatusDelivered: {peerstest.Committed, peerstest.Captured, true, true, false},
		order.StatusCancelled: {peerstest.Released, peerstest.Voided, true, false, false},
		order.StatusRejected:  {peerstest.Released, peerstest.Voided, false, false, false},
	}[o.Status]
	if o.Status == order.StatusRejected && o.Payment.Status == order.PaymentDeclined {
		want.payment = peerstest.Declined
	}
	if got != want {
		t.Errorf("order %s is %s, but the others say %+v, want %+v", o.ID, o.Status, got, want)
	}
	if string(o.Payment.Status) != got.payment {
		t.Errorf("payment is %s here and %s there", o.Payment.Status, got.payment)
	}
	if err := w.Inventory.Check(); err != nil {
		t.Error(err)
	}
}
