package access_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/platform/access"
)

// issuer signs tokens and is a KeySource with its own key.
type issuer struct {
	private ed25519.PrivateKey
	// err is returned by Key if not nil.
	err error
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{private: private}
}

// Key implements access.KeySource.
func (i *issuer) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	switch {
	case i.err != nil:
		return nil, i.err
	case id != "k1":
		return nil, access.ErrUnknownKey
	}
	return i.private.Public().(ed25519.PublicKey), nil
}

type object map[string]any

func header() object {
	return object{"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"}
}

func claims(roles ...string) object {
	now := time.Now()
	return object{
		"iss": "souk", "aud": "souk", "sub": "customer-1", "sid": "session-1", "roles": roles,
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

// with returns a copy of o with changed fields; a nil value removes a field.
func (o object) with(changes object) object {
	changed := maps.Clone(o)
	for name, value := range changes {
		if value == nil {
			delete(changed, name)
		} else {
			changed[name] = value
		}
	}
	return changed
}

// encoded returns the first two parts of a token.
func encoded(t *testing.T, header, claims object) string {
	t.Helper()
	part := func(o object) string {
		content, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(content)
	}
	return part(header) + "." + part(claims)
}

// sign signs with the issuer's key regardless of the header.
func (i *issuer) sign(t *testing.T, header, claims object) string {
	t.Helper()
	text := encoded(t, header, claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.private, []byte(text)))
}

func TestAValidTokenIdentifiesItsCustomer(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	verifier := access.NewVerifier(i)
	now := time.Now()
	for name, token := range map[string]string{
		"a customer's":                  i.sign(t, header(), claims()),
		"one of several audiences":      i.sign(t, header(), claims().with(object{"aud": []string{"other", "souk"}})),
		"just over, on another clock":   i.sign(t, header(), claims().with(object{"exp": now.Add(-2 * time.Second).Unix()})),
		"just issued, on another clock": i.sign(t, header(), claims().with(object{"iat": now.Add(2 * time.Second).Unix()})),
		"without iat":                   i.sign(t, header(), claims().with(object{"iat": nil})),
		"with more claims":              i.sign(t, header(), claims().with(object{"email": "sam@example.com"})),
	} {
		caller, err := verifier.Verify(t.Context(), token)
		if err != nil || caller.CustomerID != "customer-1" || caller.SessionID != "session-1" || caller.Service != "" {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
		if !caller.Authenticated() || caller.Staff() {
			t.Errorf("%s: authenticated %v, staff %v", name, caller.Authenticated(), caller.Staff())
		}
	}
	end := now.Add(time.Hour).Truncate(time.Second)
	caller, err := verifier.Verify(t.Context(), i.sign(t, header(), claims("editor", "staff").with(object{"exp": end.Unix()})))
	if err != nil || !caller.Staff() || !slices.Equal(caller.Scopes, access.AllScopes()) || !caller.ExpiresAt.Equal(end) {
		t.Errorf("%+v, %v", caller, err)
	}
}

func TestAnyOtherTokenIsRefused(t *testing.T) {
	t.Parallel()
	i, stranger := newIssuer(t), newIssuer(t)
	now := time.Now()
	good := i.sign(t, header(), claims())
	parts := strings.Split(good, ".")
	tests := map[string]string{
		"nothing":              "",
		"garbage":              "garbage",
		"two parts":            parts[0] + "." + parts[1],
		"four parts":           good + ".x",
		"1 MiB":                strings.Repeat("a", 1<<20),
		"changed":              strings.Replace(good, ".", ".e", 1),
		"no signature":         parts[0] + "." + parts[1] + ".",
		"another's signature":  stranger.sign(t, header(), claims()),
		"signature cut off":    good[:len(good)-4],
		"other claims":         parts[0] + "." + strings.Split(i.sign(t, header(), claims("staff")), ".")[1] + "." + parts[2],
		"padding":              good + "==",
		"alg none":             encoded(t, header().with(object{"alg": "none"}), claims()) + ".",
		"alg none, signed":     i.sign(t, header().with(object{"alg": "none"}), claims()),
		"alg in capitals":      i.sign(t, header().with(object{"alg": "EDDSA"}), claims()),
		"alg None":             encoded(t, header().with(object{"alg": "None"}), claims()) + ".",
		"alg missing":          i.sign(t, header().with(object{"alg": nil}), claims()),
		"alg ES256":            i.sign(t, header().with(object{"alg": "ES256"}), claims()),
		"HMAC of public key":   hmacSigned(t, i, "HS256"),
		"HMAC called EdDSA":    hmacSigned(t, i, "EdDSA"),
		"typ JWT":              i.sign(t, header().with(object{"typ": "JWT"}), claims()),
		"typ missing":          i.sign(t, header().with(object{"typ": nil}), claims()),
		"typ no string":        i.sign(t, header().with(object{"typ": []string{"at+jwt"}}), claims()),
		"kid missing":          i.sign(t, header().with(object{"kid": nil}), claims()),
		"kid unknown":          i.sign(t, header().with(object{"kid": "k2"}), claims()),
		"kid no string":        i.sign(t, header().with(object{"kid": 1}), claims()),
		"crit":                 i.sign(t, header().with(object{"crit": []string{"exp"}}), claims()),
		"crit that is empty":   i.sign(t, header().with(object{"crit": []string{}}), claims()),
		"other issuer":         i.sign(t, header(), claims().with(object{"iss": "souq"})),
		"no issuer":            i.sign(t, header(), claims().with(object{"iss": nil})),
		"other audience":       i.sign(t, header(), claims().with(object{"aud": "warehouse"})),
		"no audience":          i.sign(t, header(), claims().with(object{"aud": nil})),
		"empty audience":       i.sign(t, header(), claims().with(object{"aud": []string{}})),
		"over":                 i.sign(t, header(), claims().with(object{"exp": now.Add(-10 * time.Second).Unix()})),
		"never over":           i.sign(t, header(), claims().with(object{"exp": nil})),
		"exp no number":        i.sign(t, header(), claims().with(object{"exp": "tomorrow"})),
		"issued in the future": i.sign(t, header(), claims().with(object{"iat": now.Add(time.Minute).Unix()})),
		"not yet valid":        i.sign(t, header(), claims().with(object{"nbf": now.Add(time.Minute).Unix()})),
		"no subject":           i.sign(t, header(), claims().with(object{"sub": nil})),
		"empty subject":        i.sign(t, header(), claims().with(object{"sub": ""})),
		"no session":           i.sign(t, header(), claims().with(object{"sid": nil})),
		"roles no list":        i.sign(t, header(), claims().with(object{"roles": "staff"})),
	}
	verifier := access.NewVerifier(i)
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, err := verifier.Verify(t.Context(), token)
			if !errors.Is(err, access.ErrInvalidToken) || errors.Is(err, access.ErrKeysUnavailable) {
				t.Errorf("%v, want %v", err, access.ErrInvalidToken)
			}
			if caller.Authenticated() || caller.Staff() || caller.SessionID != "" {
				t.Errorf("speaks for %+v", caller)
			}
		})
	}
}

// hmacSigned returns a token signed with HMAC and the public key as secret.
func hmacSigned(t *testing.T, i *issuer, alg string) string {
	t.Helper()
	text := encoded(t, header().with(object{"alg": alg}), claims("staff"))
	mac := hmac.New(sha256.New, i.private.Public().(ed25519.PublicKey))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestVerifyReportsMissingKeys(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	token := i.sign(t, header(), claims())
	i.err = fmt.Errorf("%w: customers is away", access.ErrKeysUnavailable)
	caller, err := access.NewVerifier(i).Verify(t.Context(), token)
	if !errors.Is(err, access.ErrKeysUnavailable) || errors.Is(err, access.ErrInvalidToken) || caller.Authenticated() {
		t.Errorf("%+v, %v", caller, err)
	}
}

func TestAnAnonymousCallerIsNeverStaff(t *testing.T) {
	t.Parallel()
	if (access.Caller{Scopes: access.AllScopes()}).Staff() {
		t.Error("an anonymous caller is staff")
	}
	if caller := access.FromContext(t.Context()); caller.Authenticated() || caller.Service != "" {
		t.Errorf("%+v", caller)
	}
}
