package customers

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

// EmailChange is a change of an account's address for which somebody has presented the token. It takes several writes, so that it is stored
// before the first of them and removed after the last.
type EmailChange struct {
	CustomerID string
	From, To   string
	// MessageID is the mail with the token, and PasswordVersion that of the account when the token was made.
	MessageID       string
	PasswordVersion int64
	At              time.Time
}

// EmailChanges stores changes of addresses while they are being made.
type EmailChanges interface {
	// SetNextAddress stores the address that an account is to get, and the MessageID of the mail that was sent there. It returns ErrChanged
	// if the account does not own its present address any more.
	SetNextAddress(ctx context.Context, customer Customer, address, messageID string) error
	// BeginEmailChange stores a change, or returns ErrChanged if one of the account is being made.
	BeginEmailChange(ctx context.Context, change EmailChange) error
	// ClaimEmail gives the new address to the account, as a verified one, or returns ErrEmailTaken if it is another's.
	ClaimEmail(ctx context.Context, change EmailChange) error
	// ReleaseEmail takes an address from an account, if it is the account's.
	ReleaseEmail(ctx context.Context, address, customerID string) error
	// EndEmailChange removes a change.
	EndEmailChange(ctx context.Context, change EmailChange) error
	// EmailChangesBefore returns changes that began before a time, at most limit.
	EmailChangesBefore(ctx context.Context, before time.Time, limit int) ([]EmailChange, error)
}

// RequestEmailChange has a mail sent to another address, with a link that makes it the customer's, and tells the present address of it. It
// takes the same steps for every address, because nobody may learn from it which addresses have accounts. It returns a *field.Error for a
// text that is no address, the present address, or a wrong password.
func (s *Service) RequestEmailChange(ctx context.Context, id, address string, password Secret) error {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return err
	}
	var check field.Checker
	canonical := checkEmail(&check, address)
	check.Check(canonical != customer.Email, "email", "is the address of the account")
	if err := check.Err(); err != nil {
		return err
	}
	if err := s.confirm(ctx, customer, "password", password); err != nil {
		return err
	}
	link := newMail(ChangeEmail, uuid.NewString())
	link.CustomerID, link.PasswordVersion = id, customer.PasswordVersion
	notice := newMail(EmailChangeRequested, link.MessageID)
	notice.CustomerID, notice.Address = id, customer.Email
	if err := s.store.AddMail(ctx, notice); err != nil {
		return err
	}
	err = s.store.SetNextAddress(ctx, customer, canonical, link.MessageID)
	if errors.Is(err, ErrChanged) { // the account was deleted, or got another address, meanwhile
		return ErrContended
	}
	if err != nil {
		return err
	}
	return s.store.AddMail(ctx, link)
}

// awaits reports whether a link to the next address would be accepted.
func (c Customer) awaits(link Mail) bool {
	return c.Mailbox.Newest[ChangeEmail] == link.MessageID && c.PasswordVersion == link.PasswordVersion
}

// changeEmail gives the customer the address that the token was sent to. It returns ErrInvalidMailToken if the password was changed since, or
// if the address is another's.
func (s *Service) changeEmail(ctx context.Context, token MailToken, customer Customer) error {
	if customer.PasswordVersion != token.PasswordVersion {
		return ErrInvalidMailToken
	}
	next := customer.Mailbox.NextAddress
	owner, err := s.named(ctx, next)
	if err == nil && owner.ID != customer.ID {
		return ErrInvalidMailToken
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	change := EmailChange{
		CustomerID: customer.ID, From: customer.Email, To: next, MessageID: token.MessageID, PasswordVersion: token.PasswordVersion, At: now(),
	}
	err = s.store.BeginEmailChange(ctx, change)
	if errors.Is(err, ErrChanged) { // a concurrent request uses the token
		return ErrInvalidMailToken
	}
	if err != nil {
		return err
	}
	return s.makeEmailChange(ctx, change)
}

// errMoved is returned if an account has its new address already.
var errMoved = errors.New("the account has the address")

// makeEmailChange makes a change that was begun. It returns ErrInvalidMailToken if the change cannot be made, or was made before. After any
// other error, FinishEmailChanges tries again.
func (s *Service) makeEmailChange(ctx context.Context, change EmailChange) error {
	err := s.store.ClaimEmail(ctx, change)
	if err == nil {
		err = s.moveTo(ctx, change)
	}
	var lost string // the address that the account does not have in the end
	switch {
	case err == nil:
		lost = change.From
		security.Log(ctx, security.EmailChanged, change.CustomerID)
	case errors.Is(err, errMoved):
		lost, err = change.From, ErrInvalidMailToken
	case errors.Is(err, ErrEmailTaken), errors.Is(err, ErrInvalidMailToken), errors.Is(err, ErrNotFound):
		lost, err = change.To, ErrInvalidMailToken
	default:
		return err
	}
	// It is decided, and the caller must get that answer. If this fails, FinishEmailChanges tries again.
	if s.store.ReleaseEmail(ctx, lost, change.CustomerID) == nil {
		_ = s.store.EndEmailChange(ctx, change)
	}
	return err
}

// moveTo gives an account the address that it has claimed, and has the owner of the old one told.
func (s *Service) moveTo(ctx context.Context, change EmailChange) error {
	// The token proves who it is.
	ctx = audit.As(ctx, audit.Actor{Kind: audit.Customer, ID: change.CustomerID, Service: security.ActorOf(ctx).Service})
	_, err := s.change(ctx, change.CustomerID, func(c *Customer) error {
		switch {
		case c.Email == change.To:
			return errMoved
		case c.Email != change.From || c.PasswordVersion != change.PasswordVersion:
			return ErrInvalidMailToken
		}
		c.Email = change.To
		notice := newMail(EmailChanged, change.MessageID)
		notice.CustomerID, notice.Address = c.ID, change.From
		c.Mails = append(c.Mails, notice.later())
		return c.record(ctx, audit.EmailChanged, nil)
	})
	return err
}

const (
	// EmailChangesEvery is the interval at which to call FinishEmailChanges.
	EmailChangesEvery = time.Minute
	changesAtOnce     = 100
)

// FinishEmailChanges completes changes of addresses after crashes. Several replicas may do so at once.
func (s *Service) FinishEmailChanges(ctx context.Context) error {
	left, err := s.store.EmailChangesBefore(ctx, time.Now().Add(-changeWithin), changesAtOnce)
	if err != nil {
		return err
	}
	for _, change := range left {
		if err := s.makeEmailChange(ctx, change); err != nil && !errors.Is(err, ErrInvalidMailToken) {
			return err
		}
	}
	return nil
}
