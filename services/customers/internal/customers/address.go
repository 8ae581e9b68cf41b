package customers

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"souk/platform/idempotency"
)

// AddressKey is an idempotency key with which an address was saved, and the answer to that request.
type AddressKey struct {
	Key         string
	Fingerprint []byte
	// RequestID identifies the first HTTP request with the key.
	RequestID string
	UsedAt    time.Time
	// Address is the address as it was saved, even if it has been changed or deleted since.
	Address Address
}

// mostAddressKeys is the number of keys stored with an account. It limits the size of the account's document.
const mostAddressKeys = 200

// errKeyKnown ends a change if its idempotency key was used before.
var errKeyKnown = errors.New("the idempotency key is known")

// SaveAddress adds an address and gives it a new ID. If the request has an idempotency key that was used before, it returns the
// address saved then, with replayed true. A nil key means none. Its errors are *field.Error, ErrTooManyAddresses and
// idempotency.ErrReused.
func (s *Service) SaveAddress(ctx context.Context, customerID string, address Address, key *idempotency.Request) (saved Address, replayed bool, err error) {
	if err := checkAddress(address); err != nil {
		return Address{}, false, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Address{}, false, err
	}
	address.ID = id.String()
	_, err = s.change(ctx, customerID, func(c *Customer) error {
		if key != nil {
			if used := c.addressKey(key.Key); used != nil {
				if err := (idempotency.Use{Fingerprint: used.Fingerprint}).Check(*key); err != nil {
					return err
				}
				address, replayed = used.Address, key.Replays(used.RequestID)
				return errKeyKnown
			}
			c.keepAddressKey(AddressKey{
				Key: key.Key, Fingerprint: key.Fingerprint, RequestID: key.RequestID, UsedAt: time.Now().UTC(), Address: address,
			})
		}
		if len(c.Addresses) >= MaxAddresses {
			return ErrTooManyAddresses
		}
		c.Addresses = append(c.Addresses, address)
		return nil
	})
	if err != nil && !errors.Is(err, errKeyKnown) {
		return Address{}, false, err
	}
	return address, replayed, nil
}

func (c *Customer) addressKey(key string) *AddressKey {
	i := slices.IndexFunc(c.AddressKeys, func(used AddressKey) bool { return used.Key == key })
	if i < 0 {
		return nil
	}
	return &c.AddressKeys[i]
}

// keepAddressKey adds a key and drops expired ones.
func (c *Customer) keepAddressKey(key AddressKey) {
	c.AddressKeys = slices.DeleteFunc(c.AddressKeys, func(used AddressKey) bool { return time.Since(used.UsedAt) > idempotency.KeepFor })
	c.AddressKeys = append(c.AddressKeys, key)
	if n := len(c.AddressKeys); n > mostAddressKeys {
		c.AddressKeys = slices.Clone(c.AddressKeys[n-mostAddressKeys:])
	}
}

// ReplaceAddress replaces the address with the same ID, or returns ErrAddressNotFound.
func (s *Service) ReplaceAddress(ctx context.Context, customerID string, address Address) (Address, error) {
	if err := checkAddress(address); err != nil {
		return Address{}, err
	}
	_, err := s.change(ctx, customerID, func(c *Customer) error {
		i := c.address(address.ID)
		if i < 0 {
			return ErrAddressNotFound
		}
		c.Addresses[i] = address
		return nil
	})
	return address, err
}

// ForgetAddress deletes an address, or returns ErrAddressNotFound.
func (s *Service) ForgetAddress(ctx context.Context, customerID, id string) error {
	_, err := s.change(ctx, customerID, func(c *Customer) error {
		i := c.address(id)
		if i < 0 {
			return ErrAddressNotFound
		}
		c.Addresses = slices.Delete(c.Addresses, i, i+1)
		return nil
	})
	return err
}

// Address returns one of a customer's addresses, or ErrAddressNotFound.
func (s *Service) Address(ctx context.Context, customerID, id string) (Address, error) {
	customer, err := s.store.Find(ctx, customerID)
	if err != nil {
		return Address{}, err
	}
	i := customer.address(id)
	if i < 0 {
		return Address{}, ErrAddressNotFound
	}
	return customer.Addresses[i], nil
}

func (c *Customer) address(id string) int {
	return slices.IndexFunc(c.Addresses, func(a Address) bool { return a.ID == id })
}
