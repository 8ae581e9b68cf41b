package customers_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

const shopURL access.IssuerURL = "https://shop.example.com"

// pair is a key of a partner.
type pair struct {
	method  jwt.SigningMethod
	private crypto.Signer
}

// pairs returns a key of each kind that is accepted.
func pairs(t *testing.T) map[string]pair {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]pair{"Ed25519": {jwt.SigningMethodEdDSA, ed}, "P-256": {jwt.SigningMethodES256, ec}, "RSA": {jwt.SigningMethodRS256, rs}}
}

func jwkOf(t *testing.T, key any) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (p pair) sign(t *testing.T, claims jwt.MapClaims) customers.Secret {
	t.Helper()
	signed, err := jwt.NewWithClaims(p.method, claims).SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return customers.Secret(signed)
}

// claimsOf are those of a right assertion.
func claimsOf(client customers.Client) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": client.ID, "sub": client.ID, "aud": shopURL.At(access.TokenPath), "jti": uuid.NewString(), "exp": time.Now().Add(time.Minute).Unix(),
	}
}

// partner is a client with a key.
func partner(t *testing.T, o office, p pair) customers.Client {
	t.Helper()
	wanted := warehouse(customers.OAuth)
	wanted.PublicKey = jwkOf(t, p.private.Public())
	client, secret, err := o.CreateClient(t.Context(), wanted, creator)
	if err != nil || secret != "" {
		t.Fatalf("a client with a key: %v, and a secret: %v", err, secret != "")
	}
	return client
}

func TestAnAssertionIsExchangedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	o.AcceptAssertionsFor(shopURL.Audiences())
	for name, p := range pairs(t) {
		ctx, events := securitytest.Record(t.Context(), t)
		client := partner(t, o, p)
		assertion := p.sign(t, claimsOf(client))
		grant, err := o.AssertionToken(ctx, assertion, []string{"orders:read"})
		if err != nil || grant.ClientID != client.ID || !slices.Equal(grant.Scopes, []string{"orders:read"}) {
			t.Fatalf("%s: %+v, %v", name, grant, err)
		}
		caller, err := access.NewVerifier(newIssuer(t, o.store)).Verify(ctx, string(grant.Access))
		if err != nil || caller.ClientID != client.ID || access.ScopeText(caller.Scopes) != "orders:read" {
			t.Errorf("%s: the token is of %+v, %v", name, caller, err)
		}
		if _, err := o.AssertionToken(ctx, assertion, nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: the same assertion again: %v", name, err)
		}
		events.Expect(t, security.ClientRefused, client.ID)
		if _, err := o.ClientToken(t.Context(), client.ID, "", nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: no secret: %v", name, err)
		}
	}
}

func TestOfConcurrentUsesOfAnAssertionOneSucceeds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	o.AcceptAssertionsFor(shopURL.Audiences())
	p := pairs(t)["Ed25519"]
	assertion := p.sign(t, claimsOf(partner(t, o, p)))
	var wg sync.WaitGroup
	var granted atomic.Int64
	for range 10 {
		wg.Go(func() {
			if _, err := o.AssertionToken(t.Context(), assertion, nil); err == nil {
				granted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := granted.Load(); n != 1 {
		t.Errorf("%d tokens for one assertion", n)
	}
}

func TestAnAssertionThatIsNotRightGetsNoToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	o.AcceptAssertionsFor(shopURL.Audiences())
	keys := pairs(t)
	p := keys["P-256"]
	client := partner(t, o, p)
	for name, change := range map[string]func(jwt.MapClaims){
		"no iss": func(c jwt.MapClaims) { delete(c, "iss") }, "another iss": func(c jwt.MapClaims) { c["iss"] = uuid.NewString() },
		"no sub": func(c jwt.MapClaims) { delete(c, "sub") }, "an unknown sub": func(c jwt.MapClaims) { c["sub"], c["iss"] = "x", "x" },
		"no aud": func(c jwt.MapClaims) { delete(c, "aud") }, "another aud": func(c jwt.MapClaims) { c["aud"] = "https://other.example.com" },
		"no jti": func(c jwt.MapClaims) { delete(c, "jti") }, "no exp": func(c jwt.MapClaims) { delete(c, "exp") },
		"the past":        func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() },
		"a long life":     func(c jwt.MapClaims) { c["exp"] = time.Now().Add(time.Hour).Unix() },
		"not yet":         func(c jwt.MapClaims) { c["nbf"] = time.Now().Add(time.Minute).Unix() },
		"from the future": func(c jwt.MapClaims) { c["iat"] = time.Now().Add(time.Minute).Unix() },
	} {
		claims := claimsOf(client)
		change(claims)
		if _, err := o.AssertionToken(t.Context(), p.sign(t, claims), nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claimsOf(client)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	mac, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claimsOf(client)).SignedString([]byte(client.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	for name, assertion := range map[string]customers.Secret{
		"nothing": "", "no JWT": "a.b.c", "another's key": pairs(t)["P-256"].sign(t, claimsOf(client)), "another kind of key": keys["RSA"].sign(t, claimsOf(client)),
		"no signature": customers.Secret(none), "the public key as a secret": customers.Secret(mac),
	} {
		if _, err := o.AssertionToken(t.Context(), assertion, nil); !errors.Is(err, customers.ErrInvalidClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	right := p.sign(t, claimsOf(client))
	if _, err := o.AssertionToken(t.Context(), right, []string{"orders:write"}); !errors.Is(err, customers.ErrInvalidScope) {
		t.Errorf("a scope that the client does not have: %v", err)
	}
	if _, err := o.AssertionToken(t.Context(), right, nil); err != nil {
		t.Errorf("an assertion that got no token was used up: %v", err)
	}
	o.AcceptAssertionsFor(nil)
	if _, err := o.AssertionToken(t.Context(), p.sign(t, claimsOf(client)), nil); !errors.Is(err, customers.ErrInvalidClient) {
		t.Errorf("a shop without an issuer: %v", err)
	}
}

func TestOneClientDoesNotUseUpTheIDsOfAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	o.AcceptAssertionsFor(shopURL.Audiences())
	p := pairs(t)["Ed25519"]
	for range 2 {
		claims := claimsOf(partner(t, o, p))
		claims["jti"] = "1"
		if _, err := o.AssertionToken(t.Context(), p.sign(t, claims), nil); err != nil {
			t.Error(err)
		}
	}
}

func TestUsedAssertionsAreForgottenOnceTheyHaveExpired(t *testing.T) {
	t.Parallel()
	o := newOffice(t, inbox.Config{})
	for hash, until := range map[string]time.Duration{"old": -time.Second, "new": time.Minute} {
		if err := o.store.UseAssertion(t.Context(), hash, time.Now().Add(until)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]error{"old": nil, "new": customers.ErrChanged} {
		if err := o.store.UseAssertion(t.Context(), hash, time.Now().Add(time.Minute)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", hash, err, want)
		}
	}
}

func TestAPublicKeyThatIsNotAcceptedIsNamed(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pairs(t)["Ed25519"]
	for name, c := range map[string]customers.Client{
		"no JSON": {Kind: customers.OAuth, PublicKey: "key"}, "no key": {Kind: customers.OAuth, PublicKey: "{}"},
		"a private key":  {Kind: customers.OAuth, PublicKey: jwkOf(t, good.private)},
		"a secret":       {Kind: customers.OAuth, PublicKey: jwkOf(t, []byte("secret"))},
		"a small key":    {Kind: customers.OAuth, PublicKey: jwkOf(t, small.Public())},
		"another curve":  {Kind: customers.OAuth, PublicKey: jwkOf(t, other.Public())},
		"off the curve":  {Kind: customers.OAuth, PublicKey: `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`},
		"for an API key": {Kind: customers.APIKey, PublicKey: jwkOf(t, good.private.Public())},
	} {
		c.Name, c.Scopes = "The warehouse", []string{"orders:read"}
		var invalid *field.Error
		if _, _, err := s.CreateClient(t.Context(), c, creator); !errors.As(err, &invalid) || invalid.Violations[0].Field != "public_key" {
			t.Errorf("%s: %v, want a violation of public_key", name, err)
		}
	}
}
