package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// TokenLength is the length of what NewToken returns, in characters.
const TokenLength = 43

// NewToken returns 256 random bits in base64url.
func NewToken() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails, since Go 1.24
	return base64.RawURLEncoding.EncodeToString(random)
}

// Hash returns what is stored of a token: its SHA-256. It needs no salt, because a token is random.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
