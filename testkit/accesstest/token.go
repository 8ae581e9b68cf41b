// Package accesstest is responsible for the access tokens that tests show.
package accesstest

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"souk/platform/access"
)

// Session is the id of the session that a token is of.
const Session = "session-1"

// Token returns an access token that customer was given an hour ago and that is good until end, signed with private, the key
// that has keyID.
func Token(t testing.TB, private ed25519.PrivateKey, keyID, customer string, end time.Time, roles ...string) string {
	t.Helper()
	return TokenOf(t, private, keyID, customer, Session, end, roles...)
}

// ClientToken returns an access token of a partner's client.
func ClientToken(t testing.TB, private ed25519.PrivateKey, keyID, client, scope string, end time.Time) string {
	t.Helper()
	return signed(t, private, keyID, access.Claims{RegisteredClaims: claimsOf(client, end), ClientID: client, Scope: &scope})
}

// WithheldToken returns an access token with some scopes, whose account gets others once it has a second factor.
func WithheldToken(t testing.TB, private ed25519.PrivateKey, keyID, customer, scope, withheld string, end time.Time) string {
	t.Helper()
	return signed(t, private, keyID, access.Claims{RegisteredClaims: claimsOf(customer, end), SessionID: Session, Scope: &scope, Withheld: withheld})
}

// TokenOf returns a Token of another session.
func TokenOf(t testing.TB, private ed25519.PrivateKey, keyID, customer, session string, end time.Time, roles ...string) string {
	t.Helper()
	return signed(t, private, keyID, access.Claims{RegisteredClaims: claimsOf(customer, end), SessionID: session, Roles: roles})
}

func claimsOf(subject string, end time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: subject,
		IssuedAt: jwt.NewNumericDate(time.Now().Add(-time.Hour)), ExpiresAt: jwt.NewNumericDate(end),
	}
}

func signed(t testing.TB, private ed25519.PrivateKey, keyID string, claims access.Claims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"], token.Header["kid"] = access.TokenType, keyID
	text, err := token.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
