package access_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"souk/platform/access"
)

// oneKey is a KeySource with one key, called kid-1.
type oneKey struct{ public ed25519.PublicKey }

func (k oneKey) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	if id != "kid-1" {
		return nil, access.ErrUnknownKey
	}
	return k.public, nil
}

func newKey(t *testing.T) (ed25519.PrivateKey, *access.Verifier) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return private, access.NewVerifier(oneKey{public})
}

// claims are those of a good token of customer ada.
func claims() access.Claims {
	now := time.Now()
	return access.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: "ada",
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
		},
		SessionID: "session", Roles: []string{"customer"},
	}
}

func sign(t *testing.T, key any, method jwt.SigningMethod, c access.Claims, header map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	token.Header["typ"], token.Header["kid"] = access.TokenType, "kid-1"
	for name, value := range header {
		token.Header[name] = value
		if value == nil {
			delete(token.Header, name)
		}
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestAGoodTokenSpeaksForItsCustomer(t *testing.T) {
	t.Parallel()
	private, verifier := newKey(t)
	caller, err := verifier.Verify(t.Context(), sign(t, private, jwt.SigningMethodEdDSA, claims(), nil))
	if err != nil || caller.CustomerID != "ada" || caller.SessionID != "session" || caller.Staff() || !caller.Authenticated() {
		t.Errorf("caller = %+v, %v", caller, err)
	}
}

func TestEveryOtherTokenIsRefused(t *testing.T) {
	t.Parallel()
	private, verifier := newKey(t)
	foreign, _ := newKey(t)
	public := []byte(private.Public().(ed25519.PublicKey))
	with := func(edit func(*access.Claims)) string {
		c := claims()
		edit(&c)
		return sign(t, private, jwt.SigningMethodEdDSA, c, nil)
	}
	good := sign(t, private, jwt.SigningMethodEdDSA, claims(), nil)
	header := func(name string, value any) string {
		return sign(t, private, jwt.SigningMethodEdDSA, claims(), map[string]any{name: value})
	}
	for what, token := range map[string]string{
		"empty":                 "",
		"garbage":               "a.b.c",
		"truncated":             good[:len(good)-5],
		"changed":               strings.Replace(good, ".", ".e", 1),
		"another key":           sign(t, foreign, jwt.SigningMethodEdDSA, claims(), nil),
		"alg none":              sign(t, jwt.UnsafeAllowNoneSignatureType, jwt.SigningMethodNone, claims(), nil),
		"alg None":              base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"None","typ":"at+jwt","kid":"kid-1"}`)) + "." + strings.Split(good, ".")[1] + ".",
		"HS256, the public key": sign(t, public, jwt.SigningMethodHS256, claims(), nil),
		"no kid":                header("kid", nil),
		"unknown kid":           header("kid", "../../etc/passwd"),
		"kid of another type":   header("kid", 1),
		"typ JWT":               header("typ", "JWT"),
		"no typ":                header("typ", nil),
		"crit":                  header("crit", []string{"x"}),
		"expired":               with(func(c *access.Claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Minute)) }),
		"no exp":                with(func(c *access.Claims) { c.ExpiresAt = nil }),
		"not yet":               with(func(c *access.Claims) { c.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Minute)) }),
		"another issuer":        with(func(c *access.Claims) { c.Issuer = "bazaar" }),
		"another audience":      with(func(c *access.Claims) { c.Audience = jwt.ClaimStrings{"bazaar"} }),
		"no subject":            with(func(c *access.Claims) { c.Subject = "" }),
		"no session":            with(func(c *access.Claims) { c.SessionID = "" }),
		"1 MiB":                 strings.Repeat("a", 1<<20),
	} {
		if caller, err := verifier.Verify(t.Context(), token); !errors.Is(err, access.ErrInvalidToken) || caller.Authenticated() {
			t.Errorf("%s: %+v, %v; want ErrInvalidToken", what, caller, err)
		}
	}
}
