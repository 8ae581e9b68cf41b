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

	"souk/platform/security"
)

const (
	// grace is how long a spent token, presented again, still gets the successor it got: the answer may have been lost, or
	// a page may have refreshed in two places at once. A thief gains nothing by it: the family has two users then, and
	// the second to use the successor after the grace ends it.
	grace      = 10 * time.Second
	secretSize = 32
)

// Refresh spends a refresh token for new tokens, or returns ErrInvalidRefreshToken. A token that was spent before the grace
// ends its session: whoever has it, one of the two who used it should not.
func (s *Service) Refresh(ctx context.Context, token Secret) (Tokens, error) {
	id, secret, ok := strings.Cut(string(token), ".")
	if !ok || uuid.Validate(id) != nil {
		return Tokens{}, ErrInvalidRefreshToken
	}
	tokens, err := s.refresh(ctx, id, secret)
	if errors.Is(err, ErrChanged) {
		// Another use of the token came first. What is stored now says what this one gets.
		tokens, err = s.refresh(ctx, id, secret)
	}
	return tokens, err
}

func (s *Service) refresh(ctx context.Context, id, secret string) (Tokens, error) {
	session, err := s.store.FindSession(ctx, id)
	if err != nil {
		return Tokens{}, err
	}
	// Before the token is spent, so that a store that fails here costs nobody their session.
	customer, err := s.store.Find(ctx, session.CustomerID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Tokens{}, err
	}
	now := time.Now()
	if err != nil || !customer.keeps(session) || !session.ExpiresAt.After(now) {
		return Tokens{}, s.endSession(ctx, id)
	}
	if successor, ok := session.again(secret, now); ok {
		return s.tokensFor(customer, id, successor)
	}
	next, successor, ok := session.spend(secret, now)
	if !ok {
		security.Log(ctx, security.SessionRevoked, customer.ID)
		return Tokens{}, s.endSession(ctx, id)
	}
	if err := s.store.Rotate(ctx, next); err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(customer, id, successor)
}

// keeps reports whether a session of the customer has outlived every change of the password since it was opened.
func (c Customer) keeps(session Session) bool {
	return session.PasswordVersion == c.PasswordVersion || session.ID == c.KeptSession
}

// endSession ends a session for a token that is not good. It returns ErrInvalidRefreshToken, or why the session may
// still be there.
func (s *Service) endSession(ctx context.Context, id string) error {
	if err := s.store.DeleteSession(ctx, id); err != nil {
		return err
	}
	return ErrInvalidRefreshToken
}

// spend returns the session after its good token was used, and the token that is good then. The boolean tells whether
// the token given is the good one.
func (s Session) spend(secret string, now time.Time) (next Session, successor string, ok bool) {
	given := hashOf(secret)
	if !same(given, s.TokenHash) {
		return s, "", false
	}
	next = s
	next.Salt = make([]byte, secretSize)
	_, _ = rand.Read(next.Salt) // never fails (crypto/rand)
	successor = successorOf(secret, next.Salt)
	next.TokenHash, next.PreviousHash = hashOf(successor), given
	next.RotatedAt, next.ExpiresAt = now, now.Add(sessionLife)
	return next, successor, true
}

// again returns the good token to whoever has the one that was spent for it within the grace.
func (s Session) again(secret string, now time.Time) (successor string, ok bool) {
	if !same(hashOf(secret), s.PreviousHash) || now.Sub(s.RotatedAt) >= grace {
		return "", false
	}
	successor = successorOf(secret, s.Salt)
	return successor, same(hashOf(successor), s.TokenHash)
}

// successorOf derives the token that follows another. To give the same one again it would else have to be stored, and
// whoever read the store could use it. So it takes two things: the spent token, of which only a hash is stored, and the
// salt, fresh for each rotation, which never leaves the store. With the database alone no token can be made, and with an
// old token alone none of those that followed.
func successorOf(secret string, salt []byte) string {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func newSecret() string {
	random := make([]byte, secretSize)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(random)
}

// hashOf is all that is stored of a token's secret.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func same(a, b []byte) bool {
	return subtle.ConstantTimeCompare(a, b) == 1
}
