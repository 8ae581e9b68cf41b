package edge

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// apiKeyPrefix is what API keys begin with, and no access token does.
	apiKeyPrefix = "souk_"
	// maxKeys is the number of API keys whose tokens are kept.
	maxKeys = 10_000
	// A key that was deleted, or has expired, works for this long at most. Tokens live longer.
	keyTokenKept = time.Minute
)

// keyTokens exchanges API keys for access tokens and keeps these under the hashes of the keys.
type keyTokens struct {
	exchange func(ctx context.Context, key string) (token string, err error)

	mu   sync.Mutex
	kept map[[sha256.Size]byte]keptToken
}

type keptToken struct {
	token string
	until time.Time
}

func newKeyTokens(exchange func(ctx context.Context, key string) (token string, err error)) *keyTokens {
	return &keyTokens{exchange: exchange, kept: map[[sha256.Size]byte]keptToken{}}
}

func (k *keyTokens) find(name [sha256.Size]byte) (token string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := k.kept[name]
	return found.token, time.Now().Before(found.until)
}

// keep forgets all other tokens when there are too many: few shops have so many partners, and their keys are exchanged again.
func (k *keyTokens) keep(name [sha256.Size]byte, token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) >= maxKeys {
		clear(k.kept)
	}
	k.kept[name] = keptToken{token: token, until: time.Now().Add(keyTokenKept)}
}

// tokenOfKey returns the access token for an API key. The number of exchanges is limited for each network, so that nobody can try many
// keys.
func (rt *Router) tokenOfKey(key string, header http.Header, r *http.Request) (string, error) {
	name := sha256.Sum256([]byte(key))
	if token, ok := rt.keys.find(name); ok {
		return token, nil
	}
	if err := rt.limits.admitKey(header, r); err != nil {
		return "", err
	}
	token, err := rt.keys.exchange(r.Context(), key)
	if status.Code(err) == codes.Unauthenticated {
		return "", refuseAccess(r.Context(), r, unauthenticated("The API key is not valid."))
	}
	if err != nil {
		return "", err
	}
	rt.keys.keep(name, token)
	return token, nil
}

// IsAPIKey reports whether a token has the form of an API key.
func IsAPIKey(token string) bool { return strings.HasPrefix(token, apiKeyPrefix) }
