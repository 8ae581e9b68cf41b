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

// Store keeps carts. Each method is one transaction, and changes of one cart take turns. A holder is the customer's id, or ""
// for a guest. A change returns the cart as it is then.
type Store interface {
	// Find returns a cart that holder may use, or ErrNotFound.
	Find(ctx context.Context, holder, id string) (Cart, error)
	// Create adds a guest cart.
	Create(ctx context.Context, id string) (Cart, error)
	// Open returns the customer's own cart, which is a new one if there is none or it has ended.
	Open(ctx context.Context, customer string) (Cart, error)
	// SetItem puts a line in a cart that holder may use, or returns ErrNotFound or ErrFull.
	SetItem(ctx context.Context, holder, id string, line Line) (Cart, error)
	// RemoveItem takes a SKU out of a cart that holder may use, or returns ErrNotFound.
	RemoveItem(ctx context.Context, holder, id, sku string) (Cart, error)
	// Claim moves the lines of a guest cart into the customer's own, opened if there is none, and returns that one.
	// Quantities add up, to MaxQuantity at most. Again it does nothing. It returns ErrFull, and moves nothing, when
	// the two have more than MaxLines lines, and ErrNotFound when there is no such cart or another has claimed it.
	Claim(ctx context.Context, customer, id string) (Cart, error)
	// CheckOut takes the lines of an order out of a cart, once, and replaces the order's purchases by a new one. For a guest
	// cart that a customer has claimed it does so with the customer's cart. It does nothing for a cart that is not there.
	CheckOut(ctx context.Context, id string, checkout Checkout) error
	// Delete deletes the customer's own cart, and what is known of the guest carts that they claimed.
	Delete(ctx context.Context, customer string) error
	// DeleteExpired deletes some of the carts that have ended, and returns how many.
	DeleteExpired(ctx context.Context) (int, error)
}

// Service is what can be done with carts. A caller is the customer's id, or "" for a guest.
type Service struct {
	store Store
}

// New returns a service on store.
func New(store Store) *Service {
	return &Service{store: store}
}

// Create opens a guest cart or returns the customer's own.
func (s *Service) Create(ctx context.Context, caller string) (Cart, error) {
	if caller != "" {
		return s.store.Open(ctx, caller)
	}
	// The id is all that protects a guest's cart, so it is a random UUID rather than one that tells the time.
	return s.store.Create(ctx, uuid.NewString())
}

// Current returns the customer's open cart, or ErrNotFound when none was opened or the last one has ended.
func (s *Service) Current(ctx context.Context, customer string) (Cart, error) {
	return s.store.Find(ctx, customer, customer)
}

// Get returns a cart that the caller holds, or ErrNotFound. A customer's own is always there: one that has ended is
// empty again.
func (s *Service) Get(ctx context.Context, caller, id string) (Cart, error) {
	return s.use(ctx, caller, id, func(id string) (Cart, error) { return s.store.Find(ctx, caller, id) })
}

// SetItem puts a SKU in a cart at a quantity.
func (s *Service) SetItem(ctx context.Context, caller, id, sku string, quantity int64) (Cart, error) {
	if err := checkItem(sku, quantity); err != nil {
		return Cart{}, err
	}
	return s.use(ctx, caller, id, func(id string) (Cart, error) {
		return s.store.SetItem(ctx, caller, id, Line{SKU: sku, Quantity: quantity})
	})
}

// RemoveItem takes a SKU out of a cart.
func (s *Service) RemoveItem(ctx context.Context, caller, id, sku string) (Cart, error) {
	if !identifier.ValidSKU(sku) {
		return s.Get(ctx, caller, id) // no cart has it
	}
	return s.use(ctx, caller, id, func(id string) (Cart, error) { return s.store.RemoveItem(ctx, caller, id, sku) })
}

// use does something with a cart. The caller's own is opened first if it is not there.
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

// Claim merges a guest cart into the customer's own and ends it; see Store. One's own cart stays as it is.
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

// CheckOut takes an order's lines out of a cart; see Store. Pieces that were added since the order stay. A cart that has
// ended is no error.
func (s *Service) CheckOut(ctx context.Context, id string, checkout Checkout) error {
	if err := checkout.validate(); err != nil {
		return err
	}
	id, ok := identifier.Canonical(id)
	if !ok {
		return nil
	}
	// No cart has what cannot be a SKU.
	checkout.Lines = slices.DeleteFunc(slices.Clone(checkout.Lines), func(l Line) bool { return !identifier.ValidSKU(l.SKU) })
	return s.store.CheckOut(ctx, id, checkout)
}

// Erase deletes what there is of a customer; see Store.Delete.
func (s *Service) Erase(ctx context.Context, customer string) error {
	return s.store.Delete(ctx, customer)
}

const (
	// SweepEvery is how often expired carts are to be swept.
	SweepEvery = 10 * time.Minute
	// The sweep leaves the database to others for this long after each batch.
	sweepPause = 20 * time.Millisecond
)

// Sweep deletes every cart that has ended. Any number of replicas may sweep at once.
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
