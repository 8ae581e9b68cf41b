package customers

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzEmail: an e-mail has one spelling, however often it is normalized, and it is one line of an address.
func FuzzEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " Ada@Example.COM\n", "Ada <ada@example.com>", "\"a b\"@example.com", "İ@example.com", "e\u0301@example.com", "\u1e9e@x",
		"ﬃ@example.com", "a@b@c", "a@[127.0.0.1]", "=?utf-8?q?a?=@b", "a@b\x00", "\xff@b", "Σ@b", "\u0345\u03b1@b", "a,b@c", "Y\u030a@b",
		"\xcaY\u030a@b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		email, ok := normalizeEmail(text)
		if !ok {
			return
		}
		if again, ok := normalizeEmail(email); !ok || again != email {
			t.Errorf("%q became %q, and then %q (%v)", text, email, again, ok)
		}
		if upper, ok := normalizeEmail(" " + strings.ToUpper(email) + " "); isASCII(email) && (!ok || upper != email) {
			t.Errorf("%q is another account in capitals: %q", email, upper)
		}
		if len(email) > maxEmail || !strings.Contains(email, "@") || strings.ContainsAny(email, "\r\n\x00") {
			t.Errorf("%q became %q", text, email)
		}
	})
}

// isASCII: capitals of other letters may be those of another letter, such as İ.
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// FuzzHash: a stored hash that is not one is an error, and none costs so much more than ours that a login could take the
// machine with it.
func FuzzHash(f *testing.F) {
	f.Add(string(NewHasher().unknown))
	for _, cost := range []string{"m=4194304,t=2,p=1", "m=19456,t=4294967295,p=1", "m=8,t=1,p=255", "m=0,t=1,p=1", "m=19456,t=2,p=1,x=1", "m=-1,t=2,p=1"} {
		f.Add("$argon2id$v=19$" + cost + "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	}
	f.Fuzz(func(t *testing.T, hash string) {
		p, err := decode(Secret(hash))
		if err != nil {
			if hash != "" && len(hash) > 3 && strings.Contains(err.Error(), hash) {
				t.Errorf("the error shows the hash: %v", err)
			}
			return
		}
		if p.time < 1 || p.threads < 1 || len(p.key) == 0 || p.memory > 16*argonMemory || p.time > 16*argonTime || p.threads > 16 {
			t.Errorf("%q is taken for a hash: %d KiB, %d times, %d threads, %d bytes", hash, p.memory, p.time, p.threads, len(p.key))
		}
	})
}
