package carts

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
)

const (
	// A cart nobody touches ends after this long.
	guestLife    = 30 * 24 * time.Hour
	customerLife = 365 * 24 * time.Hour

	// How often a change is tried against others on the same cart, and how long it waits in between at most.
	attempts   = 50
	longestNap = 20 * time.Millisecond
)

// Store keeps carts, each as one document.
type Store interface {
	// Find returns a cart that has not expired, or ErrNotFound.
	Find(ctx context.Context, id string) (Cart, error)
	// Insert adds a cart. It reports false, and leaves the cart that is there, when the id is taken.
	Insert(ctx context.Context, cart Cart) (bool, error)
	// Replace stores a cart if the stored one still has its version, which then grows by one; false if it has not.
	Replace(ctx context.Context, cart Cart) (bool, error)
	Delete(ctx context.Context, id string) error
	// Evict deletes the cart with that id if it ended before now.
	Evict(ctx context.Context, id string, now time.Time) error
	// DeleteExpired deletes the carts that ended before now.
	DeleteExpired(ctx context.Context, now time.Time) error
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
		return s.own(ctx, caller)
	}
	// The id is all that protects a guest's cart, so it is a random UUID rather than one that tells the time.
	cart := Cart{ID: uuid.NewString(), ExpiresAt: end(guestLife)}
	_, err := s.store.Insert(ctx, cart)
	return cart, err
}

// own returns the customer's cart, opened if there is none.
func (s *Service) own(ctx context.Context, customer string) (Cart, error) {
	cart, err := s.store.Find(ctx, customer)
	if !errors.Is(err, ErrNotFound) {
		return cart, err
	}
	// An expired one that was not swept yet would be in the way.
	if err := s.store.Evict(ctx, customer, time.Now()); err != nil {
		return Cart{}, err
	}
	cart = Cart{ID: customer, CustomerID: customer, ExpiresAt: end(customerLife)}
	inserted, err := s.store.Insert(ctx, cart)
	if err != nil || inserted {
		return cart, err
	}
	return s.store.Find(ctx, customer)
}

// Current returns the customer's open cart, or ErrNotFound when none was opened or the last one has expired.
func (s *Service) Current(ctx context.Context, customer string) (Cart, error) {
	return s.store.Find(ctx, customer)
}

// Get returns a cart that the caller holds, or ErrNotFound. A customer's own is always there: one that has expired is
// empty again.
func (s *Service) Get(ctx context.Context, caller, id string) (Cart, error) {
	if caller != "" && id == caller {
		return s.own(ctx, caller)
	}
	cart, err := s.store.Find(ctx, id)
	if err != nil {
		return Cart{}, err
	}
	if !cart.heldBy(caller) {
		return Cart{}, ErrNotFound
	}
	return cart, nil
}

// SetItem puts a SKU in a cart at a quantity.
func (s *Service) SetItem(ctx context.Context, caller, id, sku string, quantity int64) (Cart, error) {
	if err := checkItem(sku, quantity); err != nil {
		return Cart{}, err
	}
	return s.change(ctx, func() (Cart, error) { return s.Get(ctx, caller, id) }, func(c *Cart) error {
		return c.set(sku, quantity)
	})
}

// RemoveItem takes a SKU out of a cart.
func (s *Service) RemoveItem(ctx context.Context, caller, id, sku string) (Cart, error) {
	return s.change(ctx, func() (Cart, error) { return s.Get(ctx, caller, id) }, func(c *Cart) error {
		c.remove(sku)
		return nil
	})
}

// CheckOut takes an order's lines out of a cart, once for each order. A cart that has ended is no error.
func (s *Service) CheckOut(ctx context.Context, id, orderID string, lines []Line) error {
	if err := checkOrder(orderID, lines); err != nil {
		return err
	}
	_, err := s.change(ctx, func() (Cart, error) { return s.store.Find(ctx, id) }, func(c *Cart) error {
		c.checkOut(orderID, lines)
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Erase deletes the customer's own cart, if there is one.
func (s *Service) Erase(ctx context.Context, customer string) error {
	return s.store.Delete(ctx, customer)
}

// change loads a cart, edits it, and stores it unless someone else has in between; then it starts over.
func (s *Service) change(ctx context.Context, load func() (Cart, error), edit func(*Cart) error) (Cart, error) {
	for range attempts {
		cart, err := load()
		if err != nil {
			return Cart{}, err
		}
		if err := edit(&cart); err != nil {
			return Cart{}, err
		}
		cart.ExpiresAt = end(lifeOf(cart))
		stored, err := s.store.Replace(ctx, cart)
		if err != nil {
			return Cart{}, err
		}
		if stored {
			cart.Version++
			return cart, nil
		}
		select {
		case <-ctx.Done():
			return Cart{}, ctx.Err()
		case <-time.After(rand.N(longestNap)):
		}
	}
	return Cart{}, ErrContended
}

func lifeOf(c Cart) time.Duration {
	if c.CustomerID == "" {
		return guestLife
	}
	return customerLife
}

// end is when a cart ends that was last changed now, to the millisecond that is stored.
func end(life time.Duration) time.Time {
	return time.Now().UTC().Add(life).Truncate(time.Millisecond)
}

// SweepEvery is how often expired carts are to be swept.
const SweepEvery = 10 * time.Minute

// Sweep deletes expired carts. Any number of replicas may sweep at once.
func (s *Service) Sweep(ctx context.Context) error {
	return s.store.DeleteExpired(ctx, time.Now())
}
