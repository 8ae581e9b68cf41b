package access_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash"
	"strings"
	"testing"
)

// forger makes tokens that must not be taken. What it starts from is a good token of staff, so that one that was taken
// would open everything.
type forger struct {
	t              *testing.T
	good, refresh  string
	header, claims object
	// shop is the shop's own key, and own the attacker's, which is published at url.
	shop, own ed25519.PrivateKey
	url       string
	tokens    map[string]string
}

// forgeries returns every bad token, by what is wrong with it.
func forgeries(t *testing.T, a *account, attackersKey ed25519.PrivateKey, url string) map[string]string {
	t.Helper()
	header, claims := parts(t, a.Token)
	f := &forger{
		t: t, good: a.Token, refresh: a.refresh, header: header, claims: claims,
		shop: key(t), own: attackersKey, url: url, tokens: map[string]string{},
	}
	f.unsigned()
	f.confused()
	f.keyIDs()
	f.ownKeys()
	f.headers()
	f.wrongClaims()
	f.tampered()
	f.misshapen()
	f.tokens["a refresh token"] = f.refresh
	return f.tokens
}

// unsigned are tokens that say that they need no signature.
func (f *forger) unsigned() {
	for _, alg := range []any{"none", "None", "NONE", "nOnE", "", nil, "EdDSA none"} {
		text := f.text(with(f.header, object{"alg": alg}), f.claims)
		name := fmt.Sprintf("alg %q", alg)
		f.tokens[name+" without a signature"] = text + "."
		f.tokens[name+" without a last segment"] = text
		f.tokens[name+" with a signature"] = text + "." + b64(ed25519.Sign(f.shop, []byte(text)))
	}
}

// confused are tokens with the public key as the secret of a MAC, and with other names of the algorithm.
func (f *forger) confused() {
	public := publicOf(f.shop)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		f.t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	secrets := map[string][]byte{
		"raw": public, "base64url": []byte(b64(public)), "base64": []byte(base64.StdEncoding.EncodeToString(public)),
		"hex": []byte(hex.EncodeToString(public)), "DER": der, "PEM": block, "PEM without its end": []byte(strings.TrimSpace(string(block))), "empty": {},
	}
	macs := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	for alg, newHash := range macs {
		text := f.text(with(f.header, object{"alg": alg}), f.claims)
		for form, secret := range secrets {
			mac := hmac.New(newHash, secret)
			mac.Write([]byte(text))
			f.tokens[alg+" with the public key, "+form] = text + "." + b64(mac.Sum(nil))
		}
	}
	for _, alg := range []any{"RS256", "PS256", "ES256", "eddsa", "HS256", []string{"EdDSA"}, 1, true} {
		f.sign(fmt.Sprintf("alg %v, signed", alg), object{"alg": alg}, nil)
	}
}

// keyIDs name a key that is none.
func (f *forger) keyIDs() {
	kid := f.header["kid"]
	for name, id := range map[string]any{
		"traversal": "../../etc/passwd", "of a file": "/dev/null", "of SQL": "' OR 1=1", "of MongoDB": object{"$ne": ""}, "U+0000": "\x00",
		"ended by U+0000": fmt.Sprint(kid, "\x00"), "absent": nil, "a number": 1, "a list": []any{kid}, "a truth": true, "empty": "",
		"in capitals": strings.ToUpper(fmt.Sprint(kid)), "spaced": fmt.Sprint(" ", kid), "a wildcard": "*", "of a document": "current",
		"long": strings.Repeat("k", 10_000), "a URL": f.url,
	} {
		f.sign("kid "+name, object{"kid": id}, nil)
		f.tokens["kid "+name+" by the attacker"] = signed(f.t, f.own, with(f.header, object{"kid": id}), f.claims)
	}
	text := f.text(with(f.header, object{"kid": "/dev/null", "alg": "HS256"}), f.claims)
	f.tokens["kid of an empty file, HS256 with it"] = text + "." + b64(hmac.New(sha256.New, nil).Sum(nil))
}

// ownKeys bring the key that they are signed with.
func (f *forger) ownKeys() {
	jwk := object{"kty": "OKP", "crv": "Ed25519", "x": b64(publicOf(f.own)), "kid": f.header["kid"], "alg": "EdDSA", "use": "sig"}
	certificate := base64.StdEncoding.EncodeToString(publicOf(f.own))
	for _, kid := range []any{f.header["kid"], "attacker", nil} {
		for name, fields := range map[string]object{
			"nothing": nil, "jwk": {"jwk": jwk}, "jku": {"jku": f.url}, "x5u": {"x5u": f.url}, "x5c": {"x5c": []string{certificate}},
			"all": {"jwk": jwk, "jku": f.url, "x5u": f.url, "x5c": []string{certificate}},
		} {
			header := with(with(f.header, fields), object{"kid": kid})
			f.tokens[fmt.Sprintf("the attacker's key as %v with %s", kid, name)] = signed(f.t, f.own, header, f.claims)
		}
	}
	f.tokens["a role added with the attacker's key"] = signed(f.t, f.own, f.header, with(f.claims, object{"roles": []string{"customer", "staff", "admin"}}))
}

// headers are good but for a field of the header.
func (f *forger) headers() {
	for name, crit := range map[string]any{
		"unknown": []string{"souk"}, "b64": []string{"b64"}, "empty": []string{}, "of a claim": []string{"exp"}, "no list": "souk", "an object": object{},
	} {
		f.sign("crit "+name, object{"crit": crit, "souk": true}, nil)
	}
	for _, typ := range []any{"JWT", nil, "", "at", "refresh+jwt", "application/jwt", []string{"at+jwt"}} {
		f.sign(fmt.Sprintf("typ %v", typ), object{"typ": typ}, nil)
	}
}

// wrongClaims are good but for a claim.
func (f *forger) wrongClaims() {
	later := future()
	for name, values := range map[string][]any{
		"exp": {nil, past(), 0, -1, fmt.Sprint(past()), []int64{later}, true, "never"},
		"nbf": {later, "never"}, "iat": {later, "never"},
		"iss": {nil, "", "shop", "https://souk.example", "Souk", []string{"souk", "other"}},
		"aud": {nil, "", "shop", []string{}, []string{"other"}, 1, object{"souk": true}},
		"sub": {nil, "", 1}, "sid": {nil, "", 1}, "roles": {"staff", 1, object{"staff": true}},
	} {
		for _, value := range values {
			f.sign(fmt.Sprintf("%s %v", name, value), nil, object{name: value})
		}
	}
}

// tampered are good tokens that were changed after they were signed.
func (f *forger) tampered() {
	s := strings.Split(f.good, ".")
	signature, err := base64.RawURLEncoding.DecodeString(s[2])
	if err != nil {
		f.t.Fatal(err)
	}
	flip := func(i int) string {
		changed := append([]byte{}, signature...)
		changed[i] ^= 1
		return b64(changed)
	}
	claims := b64(encode(f.t, with(f.claims, object{"sub": "01a1fdf5-50cc-7955-ac6c-a4e9cd532448"})))
	for name, segments := range map[string][]string{
		"another subject": {s[0], claims, s[2]},
		"another header":  {b64(encode(f.t, with(f.header, object{"souk": 1}))), s[1], s[2]},
		"the first bit":   {s[0], s[1], flip(0)}, "a middle bit": {s[0], s[1], flip(32)}, "the last bit": {s[0], s[1], flip(63)},
		"zeros for a signature": {s[0], s[1], b64(make([]byte, ed25519.SignatureSize))},
		"a longer signature":    {s[0], s[1], b64(append(signature, 0))},
		"a signature twice":     {s[0], s[1], b64(append(signature, signature...))},
		"padding":               {s[0], s[1], s[2] + "=="},
		"header and claims":     {s[1], s[0], s[2]},
	} {
		f.tokens["tampered: "+name] = strings.Join(segments, ".")
	}
}

// misshapen are no tokens, or parts of one.
func (f *forger) misshapen() {
	first, last := strings.Index(f.good, "."), strings.LastIndex(f.good, ".")
	for _, end := range []int{1, first / 2, first, first + 1, (first + last) / 2, last, last + 1, (last + len(f.good)) / 2, len(f.good) - 4, len(f.good) - 2} {
		f.tokens[fmt.Sprintf("the first %d of %d bytes", end, len(f.good))] = f.good[:end]
	}
	for name, token := range map[string]string{
		"a fourth segment": f.good + ".e30", "an empty fourth": f.good + ".", "an empty first": "." + f.good, "a token twice": f.good + "." + f.good,
		"only dots": "..", "five empty segments": "....", "null segments": "bnVsbA.bnVsbA.", "no JSON": "eA.eA.eA", "text": "not-a-token", "a word": "null",
		"a comma": f.good + "," + f.good, "a word behind": f.good + " x", "a quote": `"` + f.good + `"`,
	} {
		f.tokens[name] = token
	}
}

// sign adds a token of the shop's own key with other fields; one that is nil is left out.
func (f *forger) sign(name string, header, claims object) {
	f.tokens[name] = signed(f.t, f.shop, with(f.header, header), with(f.claims, claims))
}

// text is what a signature is over.
func (f *forger) text(header, claims object) string {
	return b64(encode(f.t, header)) + "." + b64(encode(f.t, claims))
}
