package customers

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxAssertionLife is how long an assertion may be valid: its ID is stored for as long.
	maxAssertionLife = 5 * time.Minute
	// assertionSkew is how much the clock of a client may differ.
	assertionSkew = 5 * time.Second
	maxTokenID    = 200
	maxPublicKey  = 4_000
	// Verifying with a larger RSA key costs more, and smaller ones are not safe.
	minRSABits, maxRSABits = 2048, 4096
)

// Assertions stores which assertions of clients were used.
type Assertions interface {
	// UseAssertion stores that an assertion was used, or returns ErrChanged if it was used before.
	UseAssertion(ctx context.Context, hash string, expiresAt time.Time) error
	// DeleteAssertions deletes what is stored of assertions that expired before a time.
	DeleteAssertions(ctx context.Context, before time.Time) error
}

// AcceptAssertionsFor sets the names by which assertions may call the shop (RFC 7523, section 3). Without them, no assertion is accepted.
// Call it before anything else.
func (s *Service) AcceptAssertionsFor(audiences []string) { s.audiences = audiences }

// AssertionToken returns an access token for a JWT that an OAuth client has signed with its private key, which is used up by that. The
// token has some of the client's scopes or, if none are named, all. It returns ErrInvalidClient and ErrInvalidScope.
func (s *Service) AssertionToken(ctx context.Context, assertion Secret, scopes []string) (ClientGrant, error) {
	client, claims, err := s.verifyAssertion(ctx, assertion)
	if err != nil {
		return ClientGrant{}, err
	}
	granted, err := client.granted(scopes)
	if err != nil {
		return ClientGrant{}, err
	}
	// The client is part of what is hashed, so that no client can use up another's IDs.
	err = s.store.UseAssertion(ctx, tokenHash(client.ID+" "+claims.ID), claims.ExpiresAt.Add(assertionSkew))
	if errors.Is(err, ErrChanged) {
		return ClientGrant{}, refuseClient(ctx, client.ID)
	}
	if err != nil {
		return ClientGrant{}, err
	}
	return s.grantTo(ctx, client, granted)
}

// verifyAssertion returns the client that has signed an assertion, or ErrInvalidClient.
func (s *Service) verifyAssertion(ctx context.Context, assertion Secret) (Client, jwt.RegisteredClaims, error) {
	var client Client
	var claims jwt.RegisteredClaims
	var failed error // of the database
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"EdDSA", "ES256", "RS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(assertionSkew),
	)
	_, err := parser.ParseWithClaims(string(assertion), &claims, func(*jwt.Token) (any, error) {
		found, err := s.store.FindClient(ctx, claims.Subject)
		if err != nil {
			if !errors.Is(err, ErrInvalidClient) {
				failed = err
			}
			return nil, err
		}
		client = found
		if client.PublicKey == "" {
			return nil, ErrInvalidClient
		}
		return publicKeyOf(client.PublicKey)
	})
	if failed != nil {
		return Client{}, claims, failed
	}
	meant := slices.ContainsFunc(claims.Audience, func(name string) bool { return slices.Contains(s.audiences, name) })
	if err != nil || claims.Issuer != client.ID || !meant || claims.ID == "" || len(claims.ID) > maxTokenID ||
		time.Until(claims.ExpiresAt.Time) > maxAssertionLife+assertionSkew {
		subject := "unknown"
		if client.ID != "" {
			subject = client.ID
		}
		return Client{}, claims, refuseClient(ctx, subject)
	}
	return client, claims, nil
}

var errBadKey = errors.New("must be a public JWK: Ed25519, P-256, or RSA with 2048 to 4096 bits")

// publicKeyOf returns the key in a JWK (RFC 7517), if assertions can be signed with it.
func publicKeyOf(text string) (any, error) {
	var jwk jose.JSONWebKey
	if len(text) > maxPublicKey || json.Unmarshal([]byte(text), &jwk) != nil || !jwk.Valid() {
		return nil, errBadKey
	}
	switch key := jwk.Key.(type) {
	case ed25519.PublicKey:
		return key, nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return key, nil
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= minRSABits && bits <= maxRSABits {
			return key, nil
		}
	}
	return nil, errBadKey
}
