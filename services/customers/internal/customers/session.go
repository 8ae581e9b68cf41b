package customers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// A session ends this long after its tokens were last refreshed.
	sessionLife = 30 * 24 * time.Hour
	secretSize  = 32
)

// TokenIssuer signs access tokens.
type TokenIssuer interface {
	// Issue returns an access token for a customer's session, and for how long it is good.
	Issue(customer Customer, sessionID string) (token Secret, life time.Duration, err error)
}

// Tokens are what a login gets.
type Tokens struct {
	Access   Secret
	Life     time.Duration
	Refresh  Secret
	Customer Customer
}

// Login opens a session, or returns ErrInvalidCredentials. It costs the same whether the e-mail is known or not.
func (s *Service) Login(ctx context.Context, email string, password Secret) (Tokens, error) {
	customer, err := s.named(ctx, email)
	if errors.Is(err, ErrNotFound) {
		if err := s.hasher.MatchesNothing(ctx, password); err != nil {
			return Tokens{}, err
		}
		return Tokens{}, ErrInvalidCredentials
	}
	if err != nil {
		return Tokens{}, err
	}
	match, outdated, err := s.hasher.Matches(ctx, password, customer.PasswordHash)
	if err != nil {
		return Tokens{}, err
	}
	if !match {
		return Tokens{}, ErrInvalidCredentials
	}
	if outdated {
		if err := s.rehash(ctx, customer.ID, password); err != nil {
			return Tokens{}, err
		}
	}
	return s.openSession(ctx, customer)
}

// named returns the account with an e-mail, or ErrNotFound.
func (s *Service) named(ctx context.Context, email string) (Customer, error) {
	email, ok := normalizeEmail(email)
	if !ok {
		return Customer{}, ErrNotFound
	}
	return s.store.FindByEmail(ctx, email)
}

// rehash stores a password at today's cost.
func (s *Service) rehash(ctx context.Context, id string, password Secret) error {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, id, func(c *Customer) error {
		c.PasswordHash = hash
		return nil
	})
	return err
}

func (s *Service) openSession(ctx context.Context, customer Customer) (Tokens, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Tokens{}, err
	}
	secret, hash := newSecret()
	now := time.Now()
	session := Session{ID: id.String(), CustomerID: customer.ID, TokenHash: hash, CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	if err := s.store.InsertSession(ctx, session); err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(customer, session.ID, secret)
}

// Refresh spends a refresh token for new tokens, or returns ErrInvalidRefreshToken. A token that was spent before ends
// its session: whoever has it, one of the two who used it should not.
func (s *Service) Refresh(ctx context.Context, token Secret) (Tokens, error) {
	id, secret, ok := strings.Cut(string(token), ".")
	if !ok || uuid.Validate(id) != nil {
		return Tokens{}, ErrInvalidRefreshToken
	}
	session, err := s.store.FindSession(ctx, id)
	if err != nil {
		return Tokens{}, err
	}
	given := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(given[:], session.TokenHash) != 1 || !session.ExpiresAt.After(time.Now()) {
		return Tokens{}, s.endSession(ctx, id)
	}
	// Before the token is spent, so that a store that fails here costs nobody their session.
	customer, err := s.store.Find(ctx, session.CustomerID)
	if errors.Is(err, ErrNotFound) {
		return Tokens{}, s.endSession(ctx, id)
	}
	if err != nil {
		return Tokens{}, err
	}
	fresh, hash := newSecret()
	err = s.store.Rotate(ctx, session, hash, time.Now().Add(sessionLife))
	if errors.Is(err, ErrChanged) {
		return Tokens{}, s.endSession(ctx, id)
	}
	if err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(customer, session.ID, fresh)
}

// endSession ends a session for a token that is not good. It returns ErrInvalidRefreshToken, or why the session may
// still be there.
func (s *Service) endSession(ctx context.Context, id string) error {
	if err := s.store.DeleteSession(ctx, id); err != nil {
		return err
	}
	return ErrInvalidRefreshToken
}

// Logout ends a session; one that has ended is no error.
func (s *Service) Logout(ctx context.Context, sessionID string) error {
	return s.store.DeleteSession(ctx, sessionID)
}

func (s *Service) tokensFor(customer Customer, sessionID, secret string) (Tokens, error) {
	access, life, err := s.tokens.Issue(customer, sessionID)
	return Tokens{Access: access, Life: life, Refresh: Secret(sessionID + "." + secret), Customer: customer}, err
}

// newSecret returns a random secret and its hash, which is all that is stored of it.
func newSecret() (secret string, hash []byte) {
	random := make([]byte, secretSize)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	secret = base64.RawURLEncoding.EncodeToString(random)
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}

// SweepEvery is how often expired sessions are to be swept.
const SweepEvery = time.Hour

// Sweep deletes expired sessions. Any number of replicas may sweep at once.
func (s *Service) Sweep(ctx context.Context) error {
	return s.store.DeleteExpiredSessions(ctx, time.Now())
}
