package carts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"souk/platform/identifier"
	"souk/platform/outage"
)

// Store stores carts. Each method is one transaction, and changes of one cart run one after another. A holder is the customer's
// ID, or "" for a guest. A change returns the cart after the change.
type Store interface {
	// Find returns a cart that holder may use, or ErrNotFound.
	Find(ctx context.Context, holder, id string) (Cart, error)
	// Create adds a guest cart.
	Create(ctx context.Context, id string) (Cart, error)
	// Open returns the customer's own cart. It creates a new one if there is none or it has expired.
	Open(ctx context.Context, customer string) (Cart, error)
	// SetItem sets a line of a cart that holder may use, or returns ErrNotFound or ErrFull.
	SetItem(ctx context.Context, holder, id string, line Line) (Cart, error)
	// RemoveItem removes a SKU from a cart that holder may use, or returns ErrNotFound.
	RemoveItem(ctx context.Context, holder, id, sku string) (Cart, error)
	// Claim moves the lines of a guest cart to the customer's own cart, which it creates if there is none, and returns that
	// one. Quantities of the same SKU are added, up to MaxQuantity. Repeating it has no effect. If the result would have more
	// than MaxLines lines, it moves nothing and returns ErrFull. It returns ErrNotFound if there is no such cart or another
	// customer has claimed it.
	Claim(ctx context.Context, customer, id string) (Cart, error)
	// CheckOut takes the lines of an order out of a cart, and replaces the order's purchases by a new one. Repeating it for the
	// same order has no effect. For a guest cart that a customer has claimed, it changes the customer's cart. A missing cart is
	// no error.
	CheckOut(ctx context.Context, id string, checkout Checkout) error
	// Delete deletes the customer's own cart and the records of guest carts that the customer claimed.
	Delete(ctx context.Context, customer string) error
	// DeleteExpired deletes some of the expired carts, and returns how many.
	DeleteExpired(ctx context.Context) (int, error)
}

// Service implements the operations on carts. A caller is the customer's ID, or "" for a guest.
type Service struct {
	store Store
}

// New returns a service on store.
func New(store Store) *Service {
	return &Service{store: store}
}

// Create creates a guest cart, or returns the customer's own cart.
func (s *Service) Create(ctx context.Context, caller string) (Cart, error) {
	if caller != "" {
		return s.store.Open(ctx, caller)
	}
	// The ID is the only protection of a guest cart, so it is a random UUID rather than one that contains the time.
	return s.store.Create(ctx, uuid.NewString())
}

// Current returns the customer's cart, or ErrNotFound if it was never created or has expired.
func (s *Service) Current(ctx context.Context, customer string) (Cart, error) {
	return s.store.Find(ctx, customer, customer)
}

// Get returns a cart of the caller, or ErrNotFound. A customer's own cart always exists; if it has expired, it is empty.
func (s *Service) Get(ctx context.Context, caller, id string) (Cart, error) {
	return s.use(ctx, caller, id, func(id string) (Cart, error) { return s.store.Find(ctx, caller, id) })
}

// SetItem sets the quantity of a SKU in a cart.
func (s *Service) SetItem(ctx context.Context, caller, id, sku string, quantity int64) (Cart, error) {
	if err := checkItem(sku, quantity); err != nil {
		return Cart{}, err
	}
	return s.use(ctx, caller, id, func(id string) (Cart, error) {
		return s.store.SetItem(ctx, caller, id, Line{SKU: sku, Quantity: quantity})
	})
}

// RemoveItem removes a SKU from a cart.
func (s *Service) RemoveItem(ctx context.Context, caller, id, sku string) (Cart, error) {
	if !identifier.ValidSKU(sku) {
		return s.Get(ctx, caller, id) // an invalid SKU is in no cart
	}
	return s.use(ctx, caller, id, func(id string) (Cart, error) { return s.store.RemoveItem(ctx, caller, id, sku) })
}

// use calls do with a cart. If that is the caller's own and does not exist, it is created first.
func (s *Service) use(ctx context.Context, caller, id string, do func(id string) (Cart, error)) (Cart, error) {
	id, ok := identifier.Canonical(id)
	if !ok {
		return Cart{}, ErrNotFound
	}
	cart, err := do(id)
	if id != caller || !errors.Is(err, ErrNotFound) {
		return cart, err
	}
	if _, err := s.store.Open(ctx, caller); err != nil {
		return Cart{}, err
	}
	return do(id)
}

// Claim merges a guest cart into the customer's own cart; see Store. Claiming one's own cart changes nothing.
func (s *Service) Claim(ctx context.Context, customer, id string) (Cart, error) {
	id, ok := identifier.Canonical(id)
	if !ok {
		return Cart{}, ErrNotFound
	}
	if id == customer {
		return s.store.Open(ctx, customer)
	}
	return s.store.Claim(ctx, customer, id)
}

// CheckOut takes an order's lines out of a cart; see Store. Pieces added after the order was placed stay in the cart. An
// expired cart is no error.
func (s *Service) CheckOut(ctx context.Context, id string, checkout Checkout) error {
	if err := checkout.validate(); err != nil {
		return err
	}
	id, ok := identifier.Canonical(id)
	if !ok {
		return nil
	}
	// Invalid SKUs are in no cart.
	checkout.Lines = slices.DeleteFunc(slices.Clone(checkout.Lines), func(l Line) bool { return !identifier.ValidSKU(l.SKU) })
	return s.store.CheckOut(ctx, id, checkout)
}

// Erase deletes all data of a customer; see Store.Delete.
func (s *Service) Erase(ctx context.Context, customer string) error {
	return s.store.Delete(ctx, customer)
}

const (
	// SweepEvery is the interval at which to call Sweep.
	SweepEvery = 10 * time.Minute
	// The pause of Sweep between batches, for other work on the database.
	sweepPause = 20 * time.Millisecond
)

// Sweep deletes all expired carts. Several replicas may do so at once.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n, err := s.store.DeleteExpired(ctx)
		if err != nil || n == 0 {
			return err
		}
		if !outage.Sleep(ctx, sweepPause) {
			return ctx.Err()
		}
	}
}
