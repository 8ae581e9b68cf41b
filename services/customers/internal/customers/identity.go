package customers

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/security"
)

var (
	// ErrNoIdentity is returned if nobody has linked an identity, or if the link has ended.
	ErrNoIdentity = errors.New("the identity is not linked")
	// ErrLinkRequired is returned for an identity that is not linked, if there is an account with its address.
	ErrLinkRequired = errors.New("there is an account with the e-mail of the identity")
	// ErrLinkRefused is returned if an identity cannot be linked to an account.
	ErrLinkRefused = errors.New("the account and the provider have not both confirmed the same e-mail, or somebody else has linked the identity")
	// ErrNoEmail is returned if the provider told no e-mail address for a new account.
	ErrNoEmail = errors.New("the provider told no e-mail")
)

// Identity lets somebody sign in to an account with a provider. Issuer and Subject say who it is: the address may change, or be given to
// somebody else.
type Identity struct {
	Issuer, Subject string
	CustomerID      string
	// Provider is the name of the provider in the settings, and Email what it told, when the identity was linked.
	Provider string
	Email    string
	// PasswordVersion is that of the account. A new password by mail, an invitation to staff, and whatever else tells that the account was
	// somebody else's until now, end the link as they end sessions. A change of the password inside of a session takes it along.
	PasswordVersion int64
	LinkedAt        time.Time
}

// Identities stores identities. They are in documents of their own, so that the database guarantees that no two accounts have the same.
type Identities interface {
	// FindIdentity returns ErrNoIdentity for a missing identity.
	FindIdentity(ctx context.Context, issuer, subject string) (Identity, error)
	// PutIdentity stores an identity in place of was, or a new one if was is nil. It returns ErrChanged if the stored one is another.
	PutIdentity(ctx context.Context, identity Identity, was *Identity) error
	// DeleteIdentity deletes an identity, if it is still linked to its account.
	DeleteIdentity(ctx context.Context, identity Identity) error
	// IdentitiesOf returns all identities of an account, the oldest first.
	IdentitiesOf(ctx context.Context, customerID string) ([]Identity, error)
	// KeepIdentities gives the identities of an account that are of one version of the password to another.
	KeepIdentities(ctx context.Context, customerID string, from, to int64) error
}

// owner returns the account that claims are linked to. It returns ErrNoIdentity if there is none; was is then the link that has ended, or
// nil.
func (s *Service) owner(ctx context.Context, claims Claims) (customer Customer, was *Identity, err error) {
	identity, err := s.store.FindIdentity(ctx, claims.Issuer, claims.Subject)
	if err != nil {
		return Customer{}, nil, err
	}
	customer, err = s.receiver(ctx, identity.CustomerID)
	switch {
	case errors.Is(err, ErrNotFound) && time.Since(identity.LinkedAt) < changeWithin:
		return Customer{}, nil, ErrContended // the account is being opened
	case errors.Is(err, ErrNotFound), err == nil && customer.PasswordVersion != identity.PasswordVersion:
		return Customer{}, &identity, ErrNoIdentity
	}
	return customer, nil, err
}

// identityOf returns the link of an account to claims.
func identityOf(customer Customer, provider string, claims Claims) Identity {
	return Identity{
		Issuer: claims.Issuer, Subject: claims.Subject, CustomerID: customer.ID, Provider: provider, Email: claims.Email,
		PasswordVersion: customer.PasswordVersion, LinkedAt: now(),
	}
}

// openFor opens an account for an identity that has none. It returns ErrNoEmail, or ErrLinkRequired if there is an account with its address,
// whether that is confirmed or not: whoever opened it may be a stranger, who must not get this person's sign-in, nor lose the account to it.
func (s *Service) openFor(ctx context.Context, signIn SignIn, was *Identity) (Customer, error) {
	claims := signIn.Claims
	address, ok := identifier.CanonicalEmail(claims.Email)
	if !ok {
		return Customer{}, ErrNoEmail
	}
	if _, err := s.named(ctx, claims.Email); err == nil {
		return Customer{}, errors.Join(ErrLinkRequired, s.prolong(ctx, signIn))
	} else if !errors.Is(err, ErrNotFound) {
		return Customer{}, err
	}
	if err := s.useSignIn(ctx, signIn); err != nil {
		return Customer{}, err
	}
	customer, err := s.newAccount(ctx, address, claims)
	if err != nil {
		return Customer{}, err
	}
	// The identity comes first: if the process dies before the account is stored, the next sign-in finds that the link has ended.
	identity := identityOf(customer, signIn.Provider, claims)
	if err := s.store.PutIdentity(ctx, identity, was); err != nil {
		return Customer{}, contended(err)
	}
	err = s.store.Insert(ctx, customer)
	if errors.Is(err, ErrEmailTaken) {
		return Customer{}, errors.Join(ErrLinkRequired, s.store.DeleteIdentity(ctx, identity))
	}
	if err != nil {
		return Customer{}, err
	}
	security.Log(ctx, security.AccountOpened, customer.ID)
	logLink(ctx, identity)
	return customer, nil
}

// newAccount returns an account that is not stored. Its password is one that nobody knows; its owner may set one by mail.
func (s *Service) newAccount(ctx context.Context, address string, claims Claims) (Customer, error) {
	hash, err := s.hasher.Hash(ctx, Secret(newSecret()))
	if err != nil {
		return Customer{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Customer{}, err
	}
	customer := Customer{
		ID: id.String(), Email: address, Name: nameOf(claims, address), Roles: []string{RoleCustomer}, PasswordHash: hash, NoPassword: true, CreatedAt: now(),
		Mailbox: Mailbox{Verified: claims.EmailVerified},
	}
	if !claims.EmailVerified {
		customer.Mails = []Mail{confirmationFor(customer.ID).later()}
	}
	// The provider has proven who it is.
	ctx = audit.As(ctx, audit.Actor{Kind: audit.Customer, ID: customer.ID, Service: security.ActorOf(ctx).Service})
	return customer, recordLink(ctx, &customer)
}

// nameOf returns the name of a new account: what the provider told, or the part of the address before the @.
func nameOf(claims Claims, address string) string {
	local, _, _ := strings.Cut(address, "@")
	for _, name := range []string{claims.Name, local} {
		var check field.Checker
		checkName(&check, name)
		if check.Err() == nil {
			return name
		}
	}
	return "Customer"
}

// LinkIdentity lets the customer sign in with the provider that a one-time code is from. The customer has confirmed that by sending the code
// inside of a session. It returns ErrLinkRefused unless the account and the provider have both confirmed the same address, and
// ErrInvalidSignInCode.
func (s *Service) LinkIdentity(ctx context.Context, id string, code, browser Secret) (Identity, error) {
	signIn, err := s.findSignIn(ctx, code, browser)
	if err != nil {
		return Identity{}, err
	}
	customer, err := s.Customer(ctx, id)
	if err != nil {
		return Identity{}, err
	}
	holder, was, err := s.owner(ctx, signIn.Claims)
	if err != nil && !errors.Is(err, ErrNoIdentity) {
		return Identity{}, err
	}
	if err == nil && holder.ID != id || !bothConfirmed(customer, signIn.Claims) {
		security.Log(ctx, security.IdentityRefused, id, slog.String("provider", signIn.Provider))
		return Identity{}, ErrLinkRefused
	}
	if err := s.useSignIn(ctx, signIn); err != nil {
		return Identity{}, err
	}
	identity := identityOf(customer, signIn.Provider, signIn.Claims)
	if holder.ID == id { // it was linked before
		return identity, nil
	}
	return identity, s.link(ctx, identity, was)
}

// link stores an identity of an account. The record comes first, so that no link is without one.
func (s *Service) link(ctx context.Context, identity Identity, was *Identity) error {
	_, err := s.change(ctx, identity.CustomerID, func(c *Customer) error {
		if c.PasswordVersion != identity.PasswordVersion {
			return ErrContended // somebody else may have the account since
		}
		return recordLink(ctx, c)
	})
	if err != nil {
		return err
	}
	if err := s.store.PutIdentity(ctx, identity, was); err != nil {
		return contended(err)
	}
	if _, err := s.store.Find(ctx, identity.CustomerID); err != nil { // a deletion of the account meanwhile did not see it
		return errors.Join(err, s.store.DeleteIdentity(ctx, identity))
	}
	logLink(ctx, identity)
	return s.tellOfIdentity(ctx, IdentityLinked, identity)
}

// bothConfirmed reports whether the account and the provider have confirmed the same address.
func bothConfirmed(customer Customer, claims Claims) bool {
	address, ok := identifier.CanonicalEmail(claims.Email)
	own, _ := identifier.CanonicalEmail(customer.Email)
	return ok && claims.EmailVerified && customer.Mailbox.Verified && address == own
}

func recordLink(ctx context.Context, c *Customer) error {
	return c.record(ctx, audit.IdentityLinked, nil)
}

func logLink(ctx context.Context, identity Identity) {
	security.Log(ctx, security.IdentityLinked, identity.CustomerID, slog.String("provider", identity.Provider))
}

// contended returns ErrContended for ErrChanged.
func contended(err error) error {
	if errors.Is(err, ErrChanged) {
		return ErrContended
	}
	return err
}
