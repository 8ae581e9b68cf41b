// Package token signs access tokens and publishes the key that verifies them.
package token

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"souk/platform/access"

	"souk/services/customers/internal/customers"
)

// Life is how long an access token is good.
const Life = 15 * time.Minute

// Key is a signing key.
type Key struct {
	ID   string
	Seed []byte
}

// Issuer signs with one key. It is also the key source of its own process.
type Issuer struct {
	id      string
	private ed25519.PrivateKey
}

var (
	_ customers.TokenIssuer = (*Issuer)(nil)
	_ access.KeySource      = (*Issuer)(nil)
)

// NewIssuer returns an issuer that signs with key, whose seed has ed25519.SeedSize bytes.
func NewIssuer(key Key) *Issuer {
	return &Issuer{id: key.ID, private: ed25519.NewKeyFromSeed(key.Seed)}
}

// Issue implements customers.TokenIssuer.
func (i *Issuer) Issue(customer customers.Customer, sessionID string) (customers.Secret, time.Duration, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, access.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: customer.ID, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(Life)),
		},
		SessionID: sessionID, Roles: customer.Roles,
	})
	token.Header["typ"] = access.TokenType
	token.Header["kid"] = i.id
	signed, err := token.SignedString(i.private)
	return customers.Secret(signed), Life, err
}

// Key implements access.KeySource.
func (i *Issuer) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	if id != i.id {
		return nil, access.ErrUnknownKey
	}
	return i.Public(), nil
}

// ID is the kid of the tokens that the issuer signs.
func (i *Issuer) ID() string { return i.id }

// Public is the key that verifies them.
func (i *Issuer) Public() ed25519.PublicKey {
	return i.private.Public().(ed25519.PublicKey)
}
