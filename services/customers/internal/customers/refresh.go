package customers

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"souk/platform/secret"
	"souk/platform/security"
)

const (
	// grace is how long a used refresh token can be used again and gets the same successor. It covers lost answers and pages
	// that refresh twice at once. It does not help a thief: if both use the session, the one who uses the successor second,
	// after the grace, ends the session.
	grace = 10 * time.Second
	// rotationSalt is the length of the salt of a rotation, in bytes.
	rotationSalt = 32
)

// Refresh exchanges a refresh token for new tokens, or returns ErrInvalidRefreshToken. A token that was used up before the
// grace ends its session, because then two parties have used it and one of them must be a thief.
func (s *Service) Refresh(ctx context.Context, token Secret) (Tokens, error) {
	id, secret, ok := strings.Cut(string(token), ".")
	if !ok || uuid.Validate(id) != nil {
		return Tokens{}, ErrInvalidRefreshToken
	}
	tokens, err := s.refresh(ctx, id, secret)
	if errors.Is(err, ErrChanged) {
		// The token was used concurrently. The stored state now decides the result.
		tokens, err = s.refresh(ctx, id, secret)
	}
	return tokens, err
}

func (s *Service) refresh(ctx context.Context, id, secret string) (Tokens, error) {
	session, err := s.store.FindSession(ctx, id)
	if err != nil {
		return Tokens{}, err
	}
	// The customer is loaded before the token is exchanged, so that a failure here does not cost the session.
	customer, err := s.Customer(ctx, session.CustomerID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Tokens{}, err
	}
	now := time.Now()
	if err != nil || !customer.keeps(session) || !session.ExpiresAt.After(now) {
		return Tokens{}, s.endSession(ctx, id)
	}
	if successor, ok := session.again(secret, now); ok {
		return s.tokensFor(ctx, customer, id, successor)
	}
	next, successor, ok := session.spend(secret, now)
	if !ok {
		security.Log(ctx, security.SessionRevoked, customer.ID)
		return Tokens{}, s.endSession(ctx, id)
	}
	if err := s.store.Rotate(ctx, next); err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(ctx, customer, id, successor)
}

// keeps reports whether a session is still valid after the password changes since it was opened.
func (c Customer) keeps(session Session) bool {
	return session.PasswordVersion == c.PasswordVersion || session.ID == c.KeptSession
}

// endSession ends a session because of an invalid token. It returns ErrInvalidRefreshToken, or an error if the session may
// still exist.
func (s *Service) endSession(ctx context.Context, id string) error {
	if err := s.store.DeleteSession(ctx, id); err != nil {
		return err
	}
	return ErrInvalidRefreshToken
}

// spend returns the session after its valid token was exchanged, and the new token. ok is false if the given token is not the
// valid one.
func (s Session) spend(secret string, now time.Time) (next Session, successor string, ok bool) {
	given := hashOf(secret)
	if !same(given, s.TokenHash) {
		return s, "", false
	}
	next = s
	next.Salt = make([]byte, rotationSalt)
	_, _ = rand.Read(next.Salt) // never fails (crypto/rand)
	successor = successorOf(secret, next.Salt)
	next.TokenHash, next.PreviousHash = hashOf(successor), given
	next.RotatedAt, next.ExpiresAt = now, now.Add(sessionLife)
	return next, successor, true
}

// again returns the valid token if the given one was exchanged for it within the grace.
func (s Session) again(secret string, now time.Time) (successor string, ok bool) {
	if !same(hashOf(secret), s.PreviousHash) || now.Sub(s.RotatedAt) >= grace {
		return "", false
	}
	successor = successorOf(secret, s.Salt)
	return successor, same(hashOf(successor), s.TokenHash)
}

// successorOf derives the next token from a token and a salt. So the same successor can be issued again without storing it,
// where somebody could read and use it. The store contains the salt, which is new for each rotation, but only a hash of the
// token. So the database alone reveals no token, and an old token alone reveals no later one.
func successorOf(secret string, salt []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func newSecret() string { return secret.NewToken() }

// hashOf returns the hash of a token's secret. Only the hash is stored.
func hashOf(text string) []byte { return secret.Hash(text) }

func same(a, b []byte) bool {
	return subtle.ConstantTimeCompare(a, b) == 1
}
