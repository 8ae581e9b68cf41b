package access

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"sync"
	"time"
)

// mostVerified is the size of each of the two generations of verifiedTokens.
const mostVerified = 5000

// verifiedToken is the result of verifying a token.
type verifiedToken struct {
	caller Caller
	// keyID and key identify the key that verified the token.
	keyID string
	key   ed25519.PublicKey
}

// verifiedTokens caches verified tokens under their SHA-256 hash. When the young generation is full, it becomes the old one.
// The previous old generation is dropped, except for tokens that were used meanwhile, because those moved to the young
// generation.
type verifiedTokens struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]verifiedToken
}

func (v *verifiedTokens) find(name [sha256.Size]byte) (verifiedToken, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.young[name]
	if !ok {
		if found, ok = v.old[name]; ok {
			v.add(name, found)
		}
	}
	return found, ok
}

func (v *verifiedTokens) keep(name [sha256.Size]byte, token verifiedToken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(name, token)
}

func (v *verifiedTokens) add(name [sha256.Size]byte, token verifiedToken) {
	if v.young == nil || len(v.young) >= mostVerified {
		v.young, v.old = map[[sha256.Size]byte]verifiedToken{}, v.young
	}
	v.young[name] = token
}

// stillGood reports whether a verified token has not expired and its key is still current. The other checks cannot change with
// time.
func (v *Verifier) stillGood(ctx context.Context, token verifiedToken) bool {
	if time.Since(token.caller.ExpiresAt) >= clockSkew {
		return false
	}
	key, err := v.keys.Key(ctx, token.keyID)
	return err == nil && key.Equal(token.key)
}
