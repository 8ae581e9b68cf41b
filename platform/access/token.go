package access

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// Issuer is the iss of every access token.
	Issuer = "souk"
	// Audience is the aud of every access token.
	Audience = "souk"
	// TokenType is the typ header of an access token (RFC 9068), which no other token of ours has.
	TokenType = "at+jwt"
)

// How far apart the clocks of two machines of the shop may be.
const clockSkew = 5 * time.Second

var (
	// ErrInvalidToken is returned for a token that is not ours, not an access token, or over.
	ErrInvalidToken = errors.New("invalid access token")
	// ErrKeysUnavailable is returned when the keys cannot be had and none are known.
	ErrKeysUnavailable = errors.New("verification keys are unavailable")
	// ErrUnknownKey is returned by a KeySource for an id that no key in force has.
	ErrUnknownKey = errors.New("unknown key")
)

// Claims are the claims of an access token.
type Claims struct {
	jwt.RegisteredClaims
	SessionID string   `json:"sid"`
	Roles     []string `json:"roles"`
}

// KeySource finds the public key with an id (kid): ErrUnknownKey or ErrKeysUnavailable when it cannot.
type KeySource interface {
	Key(ctx context.Context, id string) (ed25519.PublicKey, error)
}

// Verifier verifies access tokens. It remembers those that it has verified, because most come many times.
type Verifier struct {
	keys     KeySource
	parser   *jwt.Parser
	verified verifiedTokens
}

// NewVerifier returns a verifier that takes its keys from source.
func NewVerifier(source KeySource) *Verifier {
	return &Verifier{keys: source, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithIssuer(Issuer),
		jwt.WithAudience(Audience),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(clockSkew),
	)}
}

// Verify returns whom an access token speaks for, ErrInvalidToken, or ErrKeysUnavailable.
func (v *Verifier) Verify(ctx context.Context, token string) (Caller, error) {
	name := sha256.Sum256([]byte(token))
	if known, ok := v.verified.find(name); ok && v.stillGood(ctx, known) {
		return known.caller, nil
	}
	var claims Claims
	var key ed25519.PublicKey
	parsed, err := v.parser.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		var err error
		key, err = v.keyOf(ctx, t)
		return key, err
	})
	switch {
	case errors.Is(err, ErrKeysUnavailable):
		return Caller{}, err
	case err != nil:
		return Caller{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	case claims.Subject == "" || claims.SessionID == "":
		return Caller{}, fmt.Errorf("%w: sub and sid are required", ErrInvalidToken)
	}
	caller := Caller{CustomerID: claims.Subject, SessionID: claims.SessionID, Roles: claims.Roles, ExpiresAt: claims.ExpiresAt.Time}
	keyID, _ := parsed.Header["kid"].(string) // keyOf has seen that it is one
	v.verified.keep(name, verifiedToken{caller: caller, keyID: keyID, key: key})
	return caller, nil
}

func (v *Verifier) keyOf(ctx context.Context, t *jwt.Token) (ed25519.PublicKey, error) {
	if t.Header["typ"] != TokenType {
		return nil, errors.New("typ is not " + TokenType)
	}
	if _, ok := t.Header["crit"]; ok {
		return nil, errors.New("crit names an extension that is not understood")
	}
	id, ok := t.Header["kid"].(string)
	if !ok {
		return nil, errors.New("kid is missing")
	}
	return v.keys.Key(ctx, id)
}
