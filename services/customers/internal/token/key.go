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
	// Number is the unique number of the key.
	Number int64
	// ID is the "kid" header of tokens signed with the key.
	ID string
	// Seed is the private key, ed25519.SeedSize bytes long.
	Seed customers.Secret
	// SignsFrom is when the key takes over from the one before.
	SignsFrom time.Time
}

// Store stores the signing keys for all replicas, and adds their changes to the audit log.
type Store interface {
	// Keys returns every key, in any order.
	Keys(ctx context.Context) ([]Key, error)
	// InsertKey adds a key, unless there is one with its number. So if several replicas add one, the first wins.
	InsertKey(ctx context.Context, key Key) error
	// DeleteKey deletes a key. It returns no error if there is none with its number.
	DeleteKey(ctx context.Context, key Key) error
}

// newKey generates a key.
func newKey(number int64, signsFrom time.Time) Key {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand)
	return Key{Number: number, ID: uuid.NewString(), Seed: customers.Secret(seed), SignsFrom: signsFrom}
}

// Public returns the key that verifies tokens.
func (k Key) Public() ed25519.PublicKey {
	return k.private().Public().(ed25519.PublicKey)
}

// private derives the private key at each use, which takes microseconds. So only Seed, which cannot be printed, stays in
// memory.
func (k Key) private() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(k.Seed))
}
