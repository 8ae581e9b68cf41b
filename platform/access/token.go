package access

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// Issuer is the "iss" claim of every access token.
	Issuer = "souk"
	// Audience is the "aud" claim of every access token.
	Audience = "souk"
	// TokenType is the "typ" header of an access token (RFC 9068). No other token of the shop has it.
	TokenType = "at+jwt"
)

// The greatest difference expected between the clocks of two machines of the shop.
const clockSkew = 5 * time.Second

var (
	// ErrInvalidToken is returned for a token that has expired, is not an access token, or was not issued by the shop.
	ErrInvalidToken = errors.New("invalid access token")
	// ErrKeysUnavailable is returned if a key is not known and the current keys cannot be loaded.
	ErrKeysUnavailable = errors.New("verification keys are unavailable")
	// ErrUnknownKey is returned by a KeySource for an ID that no current key has.
	ErrUnknownKey = errors.New("unknown key")
)

// Claims are the claims of an access token.
type Claims struct {
	jwt.RegisteredClaims
	SessionID string   `json:"sid"`
	Roles     []string `json:"roles"`
	// Scope has the names of the scopes (RFC 9068, section 2.2.3). It is nil in tokens of customers, and in those of versions without
	// scopes.
	Scope *string `json:"scope,omitempty"`
	// Withheld has the names of the scopes that the account gets once it has a second factor.
	Withheld string `json:"withheld,omitempty"`
	// ClientID is that of a partner's client. Its tokens belong to no account and no session.
	ClientID string `json:"client_id,omitempty"`
}

// KeySource finds a public key by its ID (the "kid" header). It returns ErrUnknownKey or ErrKeysUnavailable if it cannot.
type KeySource interface {
	Key(ctx context.Context, id string) (ed25519.PublicKey, error)
}

// Verifier verifies access tokens. It caches verified tokens, because clients send the same token with many requests.
type Verifier struct {
	keys     KeySource
	parser   *jwt.Parser
	verified verifiedTokens
}

// NewVerifier returns a verifier that gets its keys from source.
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

// Verify returns the caller named in an access token. Its errors are ErrInvalidToken and ErrKeysUnavailable.
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
	case claims.ClientID != "" && claims.ClientID != claims.Subject:
		return Caller{}, fmt.Errorf("%w: client_id is not sub", ErrInvalidToken)
	case claims.Subject == "" || (claims.SessionID == "") == (claims.ClientID == ""):
		return Caller{}, fmt.Errorf("%w: sub, and either sid or client_id are required", ErrInvalidToken)
	}
	caller := Caller{
		CustomerID: claims.Subject, SessionID: claims.SessionID, ClientID: claims.ClientID, Guest: slices.Contains(claims.Roles, RoleGuest),
		Scopes: scopesIn(&claims), Withheld: scopesNamed(claims.Withheld), ExpiresAt: claims.ExpiresAt.Time,
	}
	if caller.ClientID != "" {
		caller.CustomerID = ""
	}
	keyID, _ := parsed.Header["kid"].(string) // keyOf has checked that it is a string
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
