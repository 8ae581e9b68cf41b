// Package customers is the domain of identity: accounts, addresses, passwords, sessions and roles.
package customers

import (
	"context"
	"errors"
	"time"

	"souk/platform/secret"
)

var (
	// ErrEmailTaken is returned when an account with the e-mail exists.
	ErrEmailTaken = errors.New("the e-mail is taken")
	// ErrInvalidCredentials is returned for an e-mail and a password that do not go together. It does not say
	// which of the two is wrong.
	ErrInvalidCredentials = errors.New("the e-mail or the password is wrong")
	// ErrInvalidRefreshToken is returned for a refresh token that is spent, over, or none.
	ErrInvalidRefreshToken = errors.New("the refresh token is not valid")
	// ErrNotFound is returned for an account that does not exist.
	ErrNotFound = errors.New("customer not found")
	// ErrAddressNotFound is returned for an address that the customer does not have.
	ErrAddressNotFound = errors.New("address not found")
	// ErrTooManyAddresses is returned past MaxAddresses.
	ErrTooManyAddresses = errors.New("no more than 50 addresses can be saved")
	// ErrContended is returned when an account is changed by so many at once that this change did not get through.
	ErrContended = errors.New("the account is being changed too often")
	// ErrChanged is returned by a store when a document was changed by someone else meanwhile.
	ErrChanged = errors.New("changed meanwhile")
)

// MaxAddresses is how many addresses a customer can save.
const MaxAddresses = 50

// Roles of an account.
const (
	RoleCustomer = "customer"
	RoleStaff    = "staff"
)

// Customer is an account.
type Customer struct {
	ID string
	// Email is normalized; it is the account's name at login.
	Email        string
	Name         string
	Roles        []string
	PasswordHash Secret
	Addresses    []Address
	CreatedAt    time.Time
	// Version grows with each change.
	Version int64
}

// Address is where parcels can go.
type Address struct {
	ID         string
	Name       string
	Line1      string
	Line2      string
	City       string
	Region     string
	PostalCode string
	// Country is an ISO 3166-1 alpha-2 code.
	Country string
}

// Session is a login. Its refresh tokens form a family, of which one at a time is good.
type Session struct {
	ID         string
	CustomerID string
	// TokenHash is the SHA-256 of the good token's secret.
	TokenHash []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Secret is a password, a token or a hash.
type Secret = secret.Text

// Store keeps accounts and sessions.
type Store interface {
	// Insert adds an account, or returns ErrEmailTaken.
	Insert(ctx context.Context, customer Customer) error
	// Find and FindByEmail return ErrNotFound for an account that does not exist.
	Find(ctx context.Context, id string) (Customer, error)
	FindByEmail(ctx context.Context, email string) (Customer, error)
	// Replace stores an account that still has its version, which then grows by one, or returns ErrChanged.
	Replace(ctx context.Context, customer Customer) error

	InsertSession(ctx context.Context, session Session) error
	// FindSession returns ErrInvalidRefreshToken for a session that does not exist.
	FindSession(ctx context.Context, id string) (Session, error)
	// Rotate replaces the token of a session that still has the old one, or returns ErrChanged.
	Rotate(ctx context.Context, session Session, tokenHash []byte, expiresAt time.Time) error
	DeleteSession(ctx context.Context, id string) error
	// DeleteExpiredSessions deletes the sessions that ended before now.
	DeleteExpiredSessions(ctx context.Context, now time.Time) error
}
