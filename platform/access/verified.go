package access

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"sync"
	"time"
)

// mostVerified is how many tokens each of the two generations of verifiedTokens has.
const mostVerified = 5000

// verifiedToken is a token whose signature and claims were good.
type verifiedToken struct {
	caller Caller
	// keyID and key are what it was verified with.
	keyID string
	key   ed25519.PublicKey
}

// verifiedTokens remembers verified tokens by their SHA-256. Once the young ones are many they become the old ones, and the old
// ones are forgotten, but for those that were asked for.
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

// stillGood reports whether a token that was good is good now: it has not ended, and its key is still in force. No other claim of
// a token becomes wrong with time.
func (v *Verifier) stillGood(ctx context.Context, token verifiedToken) bool {
	if time.Since(token.caller.ExpiresAt) >= clockSkew {
		return false
	}
	key, err := v.keys.Key(ctx, token.keyID)
	return err == nil && key.Equal(token.key)
}
