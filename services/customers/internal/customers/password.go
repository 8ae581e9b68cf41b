package customers

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password: OWASP's second recommendation for argon2id
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltSize     = 16
	keySize      = 32
)

// Hasher hashes passwords, as many at once as there are processors: each takes 19 MiB and tens of milliseconds, and
// a flood of logins must not take all there is.
type Hasher struct {
	slots chan struct{}
	// unknown is what a login without an account is compared to, so that it costs the same.
	unknown Secret
}

// NewHasher returns a hasher.
func NewHasher() *Hasher {
	h := &Hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	h.unknown = encode(make([]byte, saltSize), make([]byte, keySize))
	return h
}

// Hash returns the hash of a password in the PHC string format.
func (h *Hasher) Hash(ctx context.Context, password Secret) (Secret, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	key, err := h.derive(ctx, password, salt, argonTime, argonMemory, argonThreads)
	if err != nil {
		return "", err
	}
	return encode(salt, key), nil
}

// Matches reports whether a password has a hash, and whether the hash should be made anew because the cost has risen.
func (h *Hasher) Matches(ctx context.Context, password, hash Secret) (match, outdated bool, err error) {
	p, err := decode(hash)
	if err != nil {
		return false, false, err
	}
	key, err := h.derive(ctx, password, p.salt, p.time, p.memory, p.threads)
	if err != nil {
		return false, false, err
	}
	outdated = p.time < argonTime || p.memory < argonMemory
	return subtle.ConstantTimeCompare(key, p.key) == 1, outdated, nil
}

// MatchesNothing costs what Matches does.
func (h *Hasher) MatchesNothing(ctx context.Context, password Secret) error {
	_, _, err := h.Matches(ctx, password, h.unknown)
	return err
}

func (h *Hasher) derive(ctx context.Context, password Secret, salt []byte, time, memory uint32, threads uint8) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return argon2.IDKey([]byte(password), salt, time, memory, threads, keySize), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type parameters struct {
	time, memory uint32
	threads      uint8
	salt, key    []byte
}

func encode(salt, key []byte) Secret {
	b64 := base64.RawStdEncoding
	return Secret(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)))
}

var errHash = errors.New("malformed password hash")

func decode(hash Secret) (parameters, error) {
	var p parameters
	parts := strings.Split(string(hash), "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || p.time < 1 || p.threads < 1 {
		return p, errHash
	}
	var saltErr, keyErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil {
		return p, errHash
	}
	return p, nil
}
