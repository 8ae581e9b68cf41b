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

// TokenOf returns a Token of another session.
func TokenOf(t testing.TB, private ed25519.PrivateKey, keyID, customer, session string, end time.Time, roles ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, access.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: customer,
			IssuedAt: jwt.NewNumericDate(time.Now().Add(-time.Hour)), ExpiresAt: jwt.NewNumericDate(end),
		},
		SessionID: session, Roles: roles,
	})
	token.Header["typ"], token.Header["kid"] = access.TokenType, keyID
	signed, err := token.SignedString(private)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
