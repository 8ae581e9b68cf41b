package customers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
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
	// IssueGuest returns an access token for the order of a guest, as issued at a time.
	IssueGuest(orderID string, issuedAt time.Time) (token Secret, expiresAt time.Time, err error)
	// IssueToClient returns an access token for a partner's client, and its lifetime.
	IssueToClient(client Client) (token Secret, life time.Duration, err error)
}

// Tokens is the result of a sign-in.
type Tokens struct {
	Access   Secret
	Life     time.Duration
	Refresh  Secret
	Customer Customer
	// SessionID is the session that Refresh belongs to.
	SessionID string
}

// Credentials are what somebody signs in with.
type Credentials struct {
	Email    string
	Password Secret
	// Code is needed if the account has a second factor.
	Code string
	// UserAgent is what the client calls itself.
	UserAgent string
}

// SignIn opens a session, or returns ErrInvalidCredentials, or ErrSecondFactorRequired for a right password alone. It takes equally long for known and unknown e-mail addresses.
func (s *Service) SignIn(ctx context.Context, given Credentials) (Tokens, error) {
	customer, err := s.proven(ctx, given.Email, given.Password)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.proveSecond(ctx, customer, given.Code); err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, customer, given.UserAgent)
}

// enter opens a session of an account for somebody who has proven to be its owner. attrs say how.
func (s *Service) enter(ctx context.Context, customer Customer, userAgent string, attrs ...slog.Attr) (Tokens, error) {
	device := deviceOf(userAgent)
	tokens, err := s.openSession(ctx, customer, device)
	if err == nil {
		err = s.noteDevice(ctx, customer, tokens.SessionID, device)
	}
	if err == nil {
		security.Log(ctx, security.SignInSucceeded, customer.ID, append(attrs, slog.Bool("of_staff", customer.staff()))...)
	}
	return tokens, err
}

// proven returns the account that an e-mail address and a password belong to, or ErrInvalidCredentials.
func (s *Service) proven(ctx context.Context, address string, password Secret) (Customer, error) {
	customer, err := s.named(ctx, address)
	if errors.Is(err, ErrNotFound) {
		if err := s.matchNothing(ctx, password); err != nil {
			return Customer{}, err
		}
		security.Log(ctx, security.SignInFailed, security.Pseudonym(address))
		return Customer{}, ErrInvalidCredentials
	}
	if err != nil {
		return Customer{}, err
	}
	match, outdated, err := s.hasher.Matches(ctx, password, customer.PasswordHash)
	if err != nil {
		return Customer{}, err
	}
	if !match {
		security.Log(ctx, security.SignInFailed, customer.ID, slog.Bool("of_staff", customer.staff()))
		return Customer{}, ErrInvalidCredentials
	}
	if outdated {
		// If the process is busy, the next sign-in rehashes the password.
		if err := s.rehash(ctx, customer, password); err != nil && !errors.Is(err, ErrBusy) {
			return Customer{}, err
		}
	}
	return customer, nil
}

// noAccount is the ID of an account that does not exist.
const noAccount = "none"

// matchNothing costs as much as what is done about a wrong password once the e-mail address was found: a look at its account, and a hash.
func (s *Service) matchNothing(ctx context.Context, password Secret) error {
	if _, err := s.store.Find(ctx, noAccount); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.hasher.MatchesNothing(ctx, password)
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

func (s *Service) openSession(ctx context.Context, customer Customer, device string) (Tokens, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Tokens{}, err
	}
	secret := newSecret()
	now := time.Now()
	session := Session{
		ID: id.String(), CustomerID: customer.ID, Device: device, PasswordVersion: customer.PasswordVersion, TokenHash: hashOf(secret),
		CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}
	if err := s.store.InsertSession(ctx, session); err != nil {
		return Tokens{}, err
	}
	return s.tokensFor(ctx, customer, session.ID, secret)
}

// Logout ends a session. It returns no error if the session has already ended.
func (s *Service) Logout(ctx context.Context, sessionID string) error {
	return s.store.DeleteSession(ctx, sessionID)
}

func (s *Service) tokensFor(ctx context.Context, customer Customer, sessionID, secret string) (Tokens, error) {
	if err := s.guardScopes(ctx, &customer); err != nil {
		return Tokens{}, err
	}
	access, life, err := s.tokens.Issue(customer, sessionID)
	return Tokens{Access: access, Life: life, Refresh: Secret(sessionID + "." + secret), Customer: customer, SessionID: sessionID}, err
}

// RevokeRefreshToken ends the session of a refresh token, also of the one that was exchanged last. It does nothing for another token.
func (s *Service) RevokeRefreshToken(ctx context.Context, token Secret) error {
	id, secret, ok := strings.Cut(string(token), ".")
	if !ok || uuid.Validate(id) != nil {
		return nil
	}
	session, err := s.store.FindSession(ctx, id)
	if errors.Is(err, ErrInvalidRefreshToken) {
		return nil
	}
	if err != nil {
		return err
	}
	if given := hashOf(secret); !same(given, session.TokenHash) && !same(given, session.PreviousHash) {
		return nil
	}
	security.Log(ctx, security.SignedOut, session.CustomerID)
	return s.store.DeleteSession(ctx, id)
}

// Sweep deletes expired sessions, tokens of mails, and what is stored of expired assertions. Several replicas may do so at once.
func (s *Service) Sweep(ctx context.Context) error {
	now := time.Now()
	return errors.Join(s.store.DeleteExpiredSessions(ctx, now), s.store.DeleteMailTokens(ctx, now), s.store.DeleteAssertions(ctx, now))
}
