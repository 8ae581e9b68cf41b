package carts

import (
	"context"
	"errors"
	"slices"
)

// Claim merges a guest cart into the customer's own and ends it, in three writes of one document each: the guest cart
// is sealed, so that what goes into it until then is merged and nothing goes in later; the lines are merged, and the
// merge is remembered in the same write; the guest cart is deleted. Dying in between leaves a cart that the same
// customer can claim again, without anything being lost or added twice.
//
// It returns ErrFull, and changes nothing, when the two have more than MaxLines lines.
func (s *Service) Claim(ctx context.Context, customer, id string) (Cart, error) {
	if id == customer {
		return s.own(ctx, customer)
	}
	guest, err := s.seal(ctx, customer, id)
	if errors.Is(err, ErrNotFound) {
		return s.claimed(ctx, customer, id)
	}
	if err != nil {
		return Cart{}, err
	}
	merged, err := s.change(ctx, func() (Cart, error) { return s.own(ctx, customer) }, func(c *Cart) error {
		return c.merge(guest)
	})
	if errors.Is(err, ErrFull) {
		if err := s.unseal(ctx, customer, id); err != nil {
			return Cart{}, err
		}
	}
	if err != nil {
		return Cart{}, err
	}
	return merged, s.store.Delete(ctx, id)
}

// claimed returns the customer's cart if it has taken in the guest cart, which is gone, or ErrNotFound.
func (s *Service) claimed(ctx context.Context, customer, id string) (Cart, error) {
	own, err := s.own(ctx, customer)
	if err == nil && !slices.Contains(own.Merged, id) {
		return Cart{}, ErrNotFound
	}
	return own, err
}

// seal gives a guest cart to the claim of one customer, or returns ErrNotFound.
func (s *Service) seal(ctx context.Context, customer, id string) (Cart, error) {
	return s.change(ctx, func() (Cart, error) { return s.store.Find(ctx, id) }, func(c *Cart) error {
		if c.CustomerID != "" || c.ClaimedBy != "" && c.ClaimedBy != customer {
			return ErrNotFound
		}
		c.ClaimedBy = customer
		return nil
	})
}

// unseal gives a guest cart back to whoever knows its id.
func (s *Service) unseal(ctx context.Context, customer, id string) error {
	_, err := s.change(ctx, func() (Cart, error) { return s.store.Find(ctx, id) }, func(c *Cart) error {
		if c.ClaimedBy == customer {
			c.ClaimedBy = ""
		}
		return nil
	})
	return err
}
