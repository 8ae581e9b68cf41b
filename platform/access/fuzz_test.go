package access_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"souk/platform/access"
)

// FuzzVerify checks that Verify accepts only tokens that are signed with the key and that are access tokens. The key signs some
// of the inputs.
func FuzzVerify(f *testing.F) {
	i := newIssuer(f)
	verifier := access.NewVerifier(i)
	const good, body = `{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}`, `{"iss":"souk","aud":"souk","sub":"c","sid":"s","roles":["staff"],"exp":4102444800}`
	for _, head := range []string{
		good, `{"alg":"none","typ":"at+jwt","kid":"k1"}`, `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, `{"alg":"EdDSA","typ":"rt+jwt","kid":"../k1"}`,
		`{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":["b64"],"b64":false}`, `{"alg":"EdDSA","typ":"at+jwt","kid":"k1","jwk":{"kty":"OKP"}}`,
	} {
		f.Add([]byte(head), []byte(body), []byte(nil), true)
		f.Add([]byte(head), []byte(body), make([]byte, ed25519.SignatureSize), false)
	}
	for _, claims := range []string{`{}`, `{"exp":1}`, `{"exp":1e400}`, `{"aud":["souk","x"],"exp":4102444800.5}`, `[]`, `null`, `{"nbf":"x"}`} {
		f.Add([]byte(good), []byte(claims), []byte(nil), true)
	}
	f.Fuzz(func(t *testing.T, head, claims, signature []byte, sign bool) {
		b64 := base64.RawURLEncoding
		text := b64.EncodeToString(head) + "." + b64.EncodeToString(claims)
		if sign {
			signature = ed25519.Sign(i.private, []byte(text))
		}
		for _, token := range []string{text + "." + b64.EncodeToString(signature), string(head) + string(signature), string(signature)} {
			caller, err := verifier.Verify(t.Context(), token)
			if err != nil {
				continue
			}
			if !sign || !strings.HasPrefix(token, text+".") {
				t.Errorf("accepted an unsigned token, for %+v: %s", caller, token)
			}
			mustBeAccessToken(t, head, caller)
		}
	})
}

func mustBeAccessToken(t *testing.T, head []byte, caller access.Caller) {
	t.Helper()
	var says map[string]any
	if err := json.Unmarshal(head, &says); err != nil {
		t.Errorf("accepted the header %q", head)
	}
	if _, critical := says["crit"]; critical || says["alg"] != "EdDSA" || says["typ"] != "at+jwt" || says["kid"] != "k1" {
		t.Errorf("accepted the header %s", head)
	}
	if (caller.CustomerID == "") == (caller.ClientID == "") || (caller.CustomerID == "") != (caller.SessionID == "") {
		t.Errorf("accepted for %+v", caller)
	}
}
