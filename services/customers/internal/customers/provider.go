package customers

import (
	"context"
	"errors"
)

var (
	// ErrProviderNotFound is returned for the name of a provider that the settings do not have.
	ErrProviderNotFound = errors.New("there is no such provider")
	// ErrProviderAway is returned if a provider cannot be asked now.
	ErrProviderAway = errors.New("the provider cannot be asked")
	// ErrSignInRefused is returned for an answer of a provider that does not prove who it is. Errors that wrap it say why, for the log.
	ErrSignInRefused = errors.New("the sign-in is refused")
)

// Provider proves who somebody is (OpenID Connect).
type Provider interface {
	// SignInURL returns where a browser goes to sign in. It returns ErrProviderAway.
	SignInURL(ctx context.Context, proof Proof) (string, error)
	// Identify exchanges the code of an answer and returns what the provider tells. It returns ErrProviderAway or ErrSignInRefused.
	Identify(ctx context.Context, answer Answer, proof Proof) (Claims, error)
}

// Proof is what binds the parts of a sign-in to each other.
type Proof struct {
	// State comes back with the answer.
	State string
	// Nonce is in the provider's token.
	Nonce string
	// Verifier is what the code is exchanged with (PKCE, RFC 7636). The provider gets its hash first.
	Verifier Secret
}

// Answer is what a browser brings back from a provider (RFC 6749, 4.1.2).
type Answer struct {
	Code  Secret
	State string
	// Issuer is which provider it claims to be from (RFC 9207); empty if it does not say.
	Issuer string
	// Error is why the provider refused; empty if it did not.
	Error string
}

// Claims are what a provider tells of somebody.
type Claims struct {
	Issuer, Subject string
	Email           string
	// EmailVerified is whether the provider has confirmed the address.
	EmailVerified bool
	Name          string
	// DecidesRoles is whether the provider decides about roles of staff, and Roles are their names.
	DecidesRoles bool
	Roles        []string
}
