package customers

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/security"
)

var (
	// ErrIdentityNotFound is returned for an identity that the account does not have.
	ErrIdentityNotFound = errors.New("identity not found")
	// ErrLastSignIn is returned for the end of the only link of an account without a password.
	ErrLastSignIn = errors.New("nobody could sign in to the account without this identity, because it has no password")
)

// ID identifies the link in the API. It is derived from the issuer and the subject, and tells neither.
func (i Identity) ID() string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(i.Issuer+" "+i.Subject)).String()
}

// LinkedIdentities returns the identities with which the customer can sign in, the oldest first.
func (s *Service) LinkedIdentities(ctx context.Context, id string) ([]Identity, error) {
	customer, err := s.Customer(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.linked(ctx, customer)
}

// linked returns the identities of an account whose links have not ended.
func (s *Service) linked(ctx context.Context, customer Customer) ([]Identity, error) {
	identities, err := s.store.IdentitiesOf(ctx, customer.ID)
	return slices.DeleteFunc(identities, func(i Identity) bool { return i.PasswordVersion != customer.PasswordVersion }), err
}

// usable reports whether the shop offers the provider of one of the identities.
func (s *Service) usable(identities []Identity) bool {
	return slices.ContainsFunc(identities, func(i Identity) bool { return s.providers[i.Provider] != nil })
}

// UnlinkIdentity ends a link of the customer. Sessions go on. It returns ErrIdentityNotFound, and ErrLastSignIn if nobody could sign in to the
// account any more.
func (s *Service) UnlinkIdentity(ctx context.Context, id, identityID string) error {
	var ended Identity
	// The record comes first, so that no link ends without one.
	_, err := s.change(ctx, id, func(c *Customer) error {
		identities, err := s.linked(ctx, *c)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(identities, func(i Identity) bool { return i.ID() == identityID })
		if at < 0 {
			return ErrIdentityNotFound
		}
		ended = identities[at]
		if c.NoPassword && !s.usable(slices.Delete(identities, at, at+1)) {
			return ErrLastSignIn
		}
		return c.record(ctx, audit.IdentityUnlinked, nil)
	})
	if err != nil {
		return err
	}
	if err := s.store.DeleteIdentity(ctx, ended); err != nil {
		return err
	}
	if err := s.keepLast(ctx, ended); err != nil {
		return err
	}
	security.Log(ctx, security.IdentityUnlinked, id, slog.String("provider", ended.Provider))
	return s.tellOfIdentity(ctx, IdentityUnlinked, ended)
}

// keepLast links an identity again if two requests at once have ended the last two links of an account without a password.
func (s *Service) keepLast(ctx context.Context, ended Identity) error {
	customer, err := s.store.Find(ctx, ended.CustomerID)
	if err != nil || !customer.NoPassword {
		return err
	}
	left, err := s.linked(ctx, customer)
	if err != nil || s.usable(left) {
		return err
	}
	return errors.Join(ErrLastSignIn, s.link(ctx, ended, nil))
}

// tellOfIdentity has a mail sent about a link that was made or has ended.
func (s *Service) tellOfIdentity(ctx context.Context, kind MailKind, identity Identity) error {
	notice := newMail(kind, identity.CustomerID+" "+identity.ID())
	notice.CustomerID = identity.CustomerID
	return s.store.AddMail(ctx, notice)
}
