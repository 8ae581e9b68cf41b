// Package customers is the domain of identity: accounts, addresses, passwords, sessions and roles.
package customers

import (
	"context"
	"errors"
	"time"

	"souk/platform/audit"
	"souk/platform/secret"
)

var (
	// ErrEmailTaken is returned if there is an account with the e-mail address.
	ErrEmailTaken = errors.New("the e-mail is taken")
	// ErrInvalidCredentials is returned for a wrong e-mail address or password. It does not reveal which of them is wrong.
	ErrInvalidCredentials = errors.New("the e-mail or the password is wrong")
	// ErrInvalidRefreshToken is returned for a refresh token that is used up, expired or invalid.
	ErrInvalidRefreshToken = errors.New("the refresh token is not valid")
	// ErrNotFound is returned for an account that does not exist.
	ErrNotFound = errors.New("customer not found")
	// ErrAddressNotFound is returned for an address that the customer has not saved.
	ErrAddressNotFound = errors.New("address not found")
	// ErrTooManyAddresses is returned if there would be more than MaxAddresses.
	ErrTooManyAddresses = errors.New("no more than 50 addresses can be saved")
	// ErrContended is returned if a change failed because too many others changed the account at the same time.
	ErrContended = errors.New("the account is being changed too often")
	// ErrStaffAccount is returned for operations that staff accounts do not allow.
	ErrStaffAccount = errors.New("an account of staff cannot be deleted")
	// ErrNotStaff is returned if an account that should be a staff account is not.
	ErrNotStaff = errors.New("the account with this e-mail is not one of staff")
	// ErrBusy is returned if too many passwords are waiting to be checked.
	ErrBusy = errors.New("too many passwords are being checked")
	// ErrInvalidMailToken is returned for a token of a mail that is unknown, used or expired, or that is not of the newest mail.
	ErrInvalidMailToken = errors.New("the token is not valid")
	// ErrSessionNotFound is returned for a session that the customer does not have.
	ErrSessionNotFound = errors.New("session not found")
	// ErrSecondFactorRequired is returned for a right password without a code, if the account has a second factor.
	ErrSecondFactorRequired = errors.New("a code of the second factor is needed")
	// ErrSecondFactorActive is returned if the account has a second factor already.
	ErrSecondFactorActive = errors.New("the account has a second factor")
	// ErrNoSecondFactor is returned if the account has no second factor, or none that is not confirmed.
	ErrNoSecondFactor = errors.New("second factor not found")
	// ErrBadCursor is returned for a cursor that no page of the list has.
	ErrBadCursor = errors.New("cursor is not one of this list")
	// ErrChanged is returned by a store if a document was changed meanwhile.
	ErrChanged = errors.New("changed meanwhile")
)

// MaxAddresses is the maximum number of saved addresses of a customer.
const MaxAddresses = 50

// Customer is an account.
type Customer struct {
	ID string
	// Email identifies the account at sign-in. It is canonical (identifier.CanonicalEmail), except in accounts from earlier versions.
	Email        string
	Name         string
	Roles        []string
	PasswordHash Secret
	// NoPassword is whether a provider has opened the account, and nobody has set a password since.
	NoPassword bool
	// PasswordVersion increases with each change of the password. That ends the sessions opened with an older version, except
	// KeptSession, from which the password was changed. All three fields are changed in one write, so that neither a crash nor
	// a race leaves an old session valid.
	PasswordVersion int64
	KeptSession     string
	Addresses       []Address
	// AddressKeys are the idempotency keys with which addresses were saved, the oldest first. They are written together with
	// Addresses.
	AddressKeys []AddressKey
	CreatedAt   time.Time
	// Version grows with each change.
	Version int64
	// Unlogged are records of changes that the audit log may not contain yet. They are written together with the change.
	Unlogged []audit.Record
	// Mails are what its owner is told of the change. The store adds them to the outbox before the change, because there is no transaction
	// over several documents, and makes them due after it. SendMails drops a mail whose change was not made.
	Mails []Mail
	// Mailbox is read with the account, but not changed with it.
	Mailbox Mailbox
	// withheld is set for a token, and not stored: the account needs a second factor for guarded scopes.
	withheld bool
}

// Mailbox is what is known of an account's e-mail address. It is stored with the address and not with the account, because an instance of
// an earlier version drops the fields that it does not know when it changes an account.
type Mailbox struct {
	// Verified is whether somebody has confirmed the address with the token of a mail.
	Verified bool
	// Refused is whether the last mail was refused because of the address.
	Refused bool
	// Newest are the MessageIDs of the newest mails with tokens, by kind.
	Newest map[MailKind]string
	// Devices are the kinds of devices that have signed in to the account (kindOf).
	Devices []string
	// NextAddress is the address that the newest ChangeEmail is sent to.
	NextAddress string
}

// record adds a change of the account to Unlogged.
func (c *Customer) record(ctx context.Context, action audit.Action, detail map[string]string) error {
	r, err := audit.NewRecord(ctx, audit.Entry{Action: action, Kind: audit.Account, Subject: c.ID, Detail: detail})
	if err == nil {
		c.Unlogged = append(c.Unlogged, r)
	}
	return err
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

// Session is a signed-in session. Its refresh tokens form a family; only one of them is valid at a time.
type Session struct {
	ID         string
	CustomerID string
	// Device is what the client that opened the session calls itself (deviceOf). It is empty if the client did not say, or an earlier
	// version opened the session.
	Device string
	// PasswordVersion is the version of the password that opened the session.
	PasswordVersion int64
	// TokenHash is the SHA-256 hash of the valid token's secret.
	TokenHash []byte
	// PreviousHash is the hash of the token that was exchanged for the valid one at RotatedAt. The valid token was derived from
	// it with Salt.
	PreviousHash []byte
	Salt         []byte
	RotatedAt    time.Time
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// Secret is a password, a token or a hash.
type Secret = secret.Text

// Store stores accounts and sessions. It moves the records of a changed account to the audit log, at once or, after a crash, when
// LogChanges runs.
type Store interface {
	// Insert adds an account, or returns ErrEmailTaken. Of the mailbox it stores whether it is verified.
	Insert(ctx context.Context, customer Customer) error
	// Find and FindByEmail return ErrNotFound for a missing account. The e-mail address must be spelled as stored.
	Find(ctx context.Context, id string) (Customer, error)
	FindByEmail(ctx context.Context, email string) (Customer, error)
	// Replace stores an account and increases its version by one, or returns ErrChanged if the stored version is another.
	Replace(ctx context.Context, customer Customer) error
	// Delete deletes an account, its e-mail address and its sessions, and adds deletion to the audit log unless the log has a record
	// with its ID. Repeating it completes an interrupted deletion.
	Delete(ctx context.Context, customer Customer, deletion audit.Record) error
	// DeleteUnreachable deletes accounts that were created before a time and do not own their e-mail address. A crash during a
	// registration or a deletion leaves such accounts.
	DeleteUnreachable(ctx context.Context, before time.Time) error
	// FindMailbox returns the mailbox of an account, or ErrNotFound if the account does not own its address.
	FindMailbox(ctx context.Context, customer Customer) (Mailbox, error)
	// SetNewestMail stores the MessageID of the newest mail of a kind. ConfirmMailbox marks the address as verified and forgets the newest
	// mail. Both return ErrChanged if the account does not own its address any more, ConfirmMailbox also if the newest mail is another.
	SetNewestMail(ctx context.Context, customer Customer, kind MailKind, messageID string) error
	ConfirmMailbox(ctx context.Context, customer Customer, messageID string, at time.Time) error
	// AddDevice adds a kind of device to the mailbox, if the account still owns its address.
	AddDevice(ctx context.Context, customer Customer, kind string) error
	// MarkMailbox stores whether the address is refused, if the account still owns it.
	MarkMailbox(ctx context.Context, customer Customer, refused bool) error
	Outbox
	MailTokens
	SessionLists
	EmailChanges
	SecondFactors
	Identities
	SignIns
	StaffAccounts
	Search
	Clients
	Assertions

	// AddRecord adds a record to the audit log.
	AddRecord(ctx context.Context, record audit.Record) error
	// LogChanges moves records to the audit log that a crash has left in accounts that were changed before a time.
	LogChanges(ctx context.Context, before time.Time) error

	InsertSession(ctx context.Context, session Session) error
	// FindSession returns ErrInvalidRefreshToken for a missing session.
	FindSession(ctx context.Context, id string) (Session, error)
	// Rotate stores the next state of a session, or returns ErrChanged if its valid token was already exchanged.
	Rotate(ctx context.Context, next Session) error
	DeleteSession(ctx context.Context, id string) error
	// DeleteSessions deletes all sessions of a customer.
	DeleteSessions(ctx context.Context, customerID string) error
	// DeleteExpiredSessions deletes the sessions that expired before now.
	DeleteExpiredSessions(ctx context.Context, now time.Time) error
}
