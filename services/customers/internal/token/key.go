package token

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"souk/services/customers/internal/customers"
)

// Key is a signing key of the shop.
type Key struct {
	// Number counts the shop's keys. No two have the same.
	Number int64
	// ID is the kid of the tokens that the key signs.
	ID string
	// Seed is the private key: ed25519.SeedSize bytes.
	Seed customers.Secret
	// SignsFrom is when it takes over from the key before it.
	SignsFrom time.Time
}

// Store keeps the shop's signing keys for all replicas.
type Store interface {
	// Keys returns every key, in any order.
	Keys(ctx context.Context) ([]Key, error)
	// InsertKey adds a key, unless there is one with its number: of replicas that add one at once, the first decides.
	InsertKey(ctx context.Context, key Key) error
	// DeleteKey deletes the key with that number; one that is gone is no error.
	DeleteKey(ctx context.Context, number int64) error
}

// newKey makes a key.
func newKey(number int64, signsFrom time.Time) Key {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand)
	return Key{Number: number, ID: uuid.NewString(), Seed: customers.Secret(seed), SignsFrom: signsFrom}
}

// Public is what verifies the tokens that the key signs.
func (k Key) Public() ed25519.PublicKey {
	return k.private().Public().(ed25519.PublicKey)
}

// private is made anew at each use, in microseconds, so that only the Seed, which does not print, stays in memory.
func (k Key) private() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(k.Seed))
}
