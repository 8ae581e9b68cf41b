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
	"golang.org/x/text/unicode/norm"
)

// The cost parameters follow OWASP's second recommendation for argon2id
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltSize     = 16
	keySize      = 32
)

// Stored hashes with higher parameters are not computed, because an attacker who can write a hash could stop the service with
// it.
const (
	mostMemory  = 8 * argonMemory
	mostTime    = 8 * argonTime
	mostThreads = 4
	mostSalt    = 64
)

// The maximum number of passwords that wait to be hashed. Hashing takes about 30 ms per processor, so this is a wait of a
// second or two. Beyond that, callers are refused at once.
const mostWaiting = 64

// Hasher hashes passwords. It limits the number of concurrent hashes so that one processor stays free, because each takes 19
// MiB and tens of milliseconds, and a flood of sign-ins must not use the whole machine.
type Hasher struct {
	// slots limits the hashes being computed; places limits these and the waiting ones.
	slots, places chan struct{}
	// unknown is a hash to compare with if there is no account, so that such sign-ins cost the same.
	unknown Secret
	// idKey is argon2.IDKey; tests count its calls.
	idKey func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

// NewHasher returns a hasher.
func NewHasher() *Hasher {
	atOnce := max(1, runtime.GOMAXPROCS(0)-1)
	return &Hasher{
		slots: make(chan struct{}, atOnce), places: make(chan struct{}, atOnce+mostWaiting),
		unknown: encode(make([]byte, saltSize), make([]byte, keySize)), idKey: argon2.IDKey,
	}
}

// normalForm returns a password in the form that is hashed (NFKC; NIST SP 800-63B, 5.1.1.2), because keyboards may produce ä as
// one character or as two.
func normalForm(password Secret) Secret {
	return Secret(norm.NFKC.String(string(password)))
}

// Hash returns the hash of a password's normal form in the PHC string format, or ErrBusy.
func (h *Hasher) Hash(ctx context.Context, password Secret) (Secret, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	key, err := h.derive(ctx, normalForm(password), parameters{time: argonTime, memory: argonMemory, threads: argonThreads, salt: salt})
	if err != nil {
		return "", err
	}
	return encode(salt, key), nil
}

// Matches reports whether hash is the hash of password. outdated says that it should be replaced: its cost parameters are too
// low, or it was computed from the password as typed, as in earlier versions. It may return ErrBusy.
func (h *Hasher) Matches(ctx context.Context, password, hash Secret) (match, outdated bool, err error) {
	p, err := decode(hash)
	if err != nil {
		return false, false, err
	}
	normal := normalForm(password)
	match, err = h.matches(ctx, normal, p)
	if err != nil || match || normal == password {
		return match, p.time < argonTime || p.memory < argonMemory, err
	}
	match, err = h.matches(ctx, password, p)
	return match, true, err
}

func (h *Hasher) matches(ctx context.Context, password Secret, p parameters) (bool, error) {
	key, err := h.derive(ctx, password, p)
	return err == nil && subtle.ConstantTimeCompare(key, p.key) == 1, err
}

// MatchesNothing costs as much as Matches for a wrong password.
func (h *Hasher) MatchesNothing(ctx context.Context, password Secret) error {
	_, _, err := h.Matches(ctx, password, h.unknown)
	return err
}

func (h *Hasher) derive(ctx context.Context, password Secret, p parameters) ([]byte, error) {
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		if err := ctx.Err(); err != nil { // the caller may have left just as its turn came
			return nil, err
		}
		return h.idKey([]byte(password), p.salt, p.time, p.memory, p.threads, keySize), nil
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
	p := parameters{time: argonTime, memory: argonMemory, threads: argonThreads}
	b64 := base64.RawStdEncoding
	return Secret(fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, p.cost(), b64.EncodeToString(salt), b64.EncodeToString(key)))
}

// cost returns the parameters in the PHC string format.
func (p parameters) cost() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.memory, p.time, p.threads)
}

var errHash = errors.New("malformed password hash")

func decode(hash Secret) (parameters, error) {
	var p parameters
	parts := strings.Split(string(hash), "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || parts[3] != p.cost() {
		return p, errHash
	}
	if p.time < 1 || p.time > mostTime || p.memory < 1 || p.memory > mostMemory || p.threads < 1 || p.threads > mostThreads {
		return p, errHash
	}
	var saltErr, keyErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(p.salt) > mostSalt || len(p.key) != keySize {
		return p, errHash
	}
	return p, nil
}
