package customers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"souk/platform/identifier"
	"souk/platform/security"
)

// A session expires this long after its last refresh.
const sessionLife = 30 * 24 * time.Hour

// SweepEvery is the interval at which to call Sweep.
const SweepEvery = time.Hour

// TokenIssuer signs access tokens.
type TokenIssuer interface {
	// Issue returns an access token for a customer's session, and its lifetime.
	Issue(customer Customer, sessionID string) (token Secret, life time.Duration, err error)
}

// Tokens is the result of a sign-in.
type Tokens struct {
	Access   Secret
	Life     time.Duration
	Refresh  Secret
	Customer Customer
}

// Login opens a session, or returns ErrInvalidCredentials. It takes equally long for known and unknown e-mail addresses.
func (s *Service) Login(ctx context.Context, address string, password Secret) (Tokens, error) {
	customer, err := s.named(ctx, address)
	if errors.Is(err, ErrNotFound) {
		if err := s.hasher.MatchesNothing(ctx, password); err != nil {
			return Tokens{}, err
		}
		security.Log(ctx, security.SignInFailed, security.Pseudonym(address))
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
		security.Log(ctx, security.SignInFailed, customer.ID, slog.Bool("of_staff", customer.staff()))
		return Tokens{}, ErrInvalidCredentials
	}
	if outdated {
		// If the process is busy, the next sign-in rehashes the password.
		if err := s.rehash(ctx, customer, password); err != nil && !errors.Is(err, ErrBusy) {
			return Tokens{}, err
		}
	}
	tokens, err := s.openSession(ctx, customer)
	if err == nil {
		security.Log(ctx, security.SignInSucceeded, customer.ID, slog.Bool("of_staff", customer.staff()))
	}
	return tokens, err
}

// named returns the account with an e-mail address in any spelling, or ErrNotFound. Earlier versions may have created separate
// accounts for two spellings; each is found by its own spelling.
func (s *Service) named(ctx context.Context, address string) (Customer, error) {
	for _, spelling := range identifier.EmailSpellings(address) {
		customer, err := s.store.FindByEmail(ctx, spelling)
		if !errors.Is(err, ErrNotFound) {
			return customer, err
		}
	}
	return Customer{}, ErrNotFound
}

// rehash stores a hash with the current cost parameters, unless the password was changed meanwhile.
func (s *Service) rehash(ctx context.Context, customer Customer, password Secret) error {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, customer.ID, func(c *Customer) error {
		if c.PasswordHash == customer.PasswordHash {
			c.PasswordHash = hash
		}
		return nil
	})
	return err
}

func (s *Service) openSession(ctx context.Context, customer Customer) (Tokens, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Tokens{}, err
	}
	secret := newSecret()
	now := time.Now()
	session := Session{
		ID: id.String(), CustomerID: customer.ID, PasswordVersion: customer.PasswordVersion, TokenHash: hashOf(secret),
		CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}
	if err := s.store.InsertSession(ctx, session); err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(customer, session.ID, secret)
}

// Logout ends a session. It returns no error if the session has already ended.
func (s *Service) Logout(ctx context.Context, sessionID string) error {
	return s.store.DeleteSession(ctx, sessionID)
}

func (s *Service) tokensFor(customer Customer, sessionID, secret string) (Tokens, error) {
	access, life, err := s.tokens.Issue(customer, sessionID)
	return Tokens{Access: access, Life: life, Refresh: Secret(sessionID + "." + secret), Customer: customer}, err
}

// Sweep deletes expired sessions and tokens of mails. Several replicas may do so at once.
func (s *Service) Sweep(ctx context.Context) error {
	now := time.Now()
	return errors.Join(s.store.DeleteExpiredSessions(ctx, now), s.store.DeleteMailTokens(ctx, now))
}
