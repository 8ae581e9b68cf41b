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
	// ErrStaffAccount is returned for what an account of staff cannot do.
	ErrStaffAccount = errors.New("an account of staff cannot be deleted")
	// ErrNotStaff is returned for an account that was to be of staff already and is not.
	ErrNotStaff = errors.New("the account with this e-mail is not one of staff")
	// ErrBusy is returned when more passwords wait to be checked than can be in good time.
	ErrBusy = errors.New("too many passwords are being checked")
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
	// Email is the account's name at login: canonical (email.Canonical), unless an earlier version opened the account.
	Email        string
	Name         string
	Roles        []string
	PasswordHash Secret
	// PasswordVersion grows when the customer changes the password, which ends the sessions opened with an older one
	// but KeptSession, where it was changed. All three change in one write: no crash and no race leaves an old session good.
	PasswordVersion int64
	KeptSession     string
	Addresses       []Address
	// AddressKeys are the idempotency keys that addresses were saved with, the oldest first. They change in one write with Addresses.
	AddressKeys []AddressKey
	CreatedAt   time.Time
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
	// PasswordVersion is that of the password that opened the session.
	PasswordVersion int64
	// TokenHash is the SHA-256 of the good token's secret.
	TokenHash []byte
	// PreviousHash is that of the token which was spent for the good one, at RotatedAt. Salt makes the one from the other.
	PreviousHash []byte
	Salt         []byte
	RotatedAt    time.Time
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// Secret is a password, a token or a hash.
type Secret = secret.Text

// Store keeps accounts and sessions.
type Store interface {
	// Insert adds an account, or returns ErrEmailTaken.
	Insert(ctx context.Context, customer Customer) error
	// Find and FindByEmail return ErrNotFound for an account that does not exist. The e-mail is one spelling.
	Find(ctx context.Context, id string) (Customer, error)
	FindByEmail(ctx context.Context, email string) (Customer, error)
	// Replace stores an account that still has its version, which then grows by one, or returns ErrChanged.
	Replace(ctx context.Context, customer Customer) error
	// Delete deletes an account, frees its e-mail and deletes its sessions. Doing it again finishes what was left undone.
	Delete(ctx context.Context, customer Customer) error
	// DeleteUnreachable deletes, as Delete does, the accounts made before a time whose e-mail is not theirs: what a crash
	// left of a registration or of a deletion.
	DeleteUnreachable(ctx context.Context, before time.Time) error

	InsertSession(ctx context.Context, session Session) error
	// FindSession returns ErrInvalidRefreshToken for a session that does not exist.
	FindSession(ctx context.Context, id string) (Session, error)
	// Rotate stores the next state of a session whose good token still is the one now spent, or returns ErrChanged.
	Rotate(ctx context.Context, next Session) error
	DeleteSession(ctx context.Context, id string) error
	// DeleteSessions deletes all sessions of a customer.
	DeleteSessions(ctx context.Context, customerID string) error
	// DeleteExpiredSessions deletes the sessions that ended before now.
	DeleteExpiredSessions(ctx context.Context, now time.Time) error
}
