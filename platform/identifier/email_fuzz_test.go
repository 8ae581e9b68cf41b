package identifier_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"souk/platform/identifier"
)

// FuzzCanonicalEmail checks that a canonical address is one line and stays the same when made canonical again, and that upper case
// letters and an ASCII domain do not change it.
func FuzzCanonicalEmail(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " Ada@Example.COM\n", "Ada <ada@example.com>", "\"a b\"@example.com", "İ@example.com", "e\u0301@example.com", "\u1e9e@x",
		"ﬃ@example.com", "a@b@c", "a@[127.0.0.1]", "=?utf-8?q?a?=@b", "a@b\x00", "\xff@b", "Σ@b", "\u0345\u03b1@b", "a,b@c", "Y\u030a@b",
		"\xcaY\u030a@b", "x@bücher.example", "x@xn--bcher-kva.example", "z\u200b@x", "a@xn--", "a@faß.de", "a@。b", "a@b.", "a@\u0627\u200c\u0628.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spellings := identifier.EmailSpellings(text)
		canonical, ok := identifier.CanonicalEmail(text)
		if !ok {
			return
		}
		if again, ok := identifier.CanonicalEmail(canonical); !ok || again != canonical {
			t.Errorf("%q became %q, and then %q (%v)", text, canonical, again, ok)
		}
		if upper, ok := identifier.CanonicalEmail(" " + strings.ToUpper(canonical) + " "); isASCII(canonical) && (!ok || upper != canonical) {
			t.Errorf("%q is another account in capitals: %q", canonical, upper)
		}
		if len(canonical) > 254 || !strings.Contains(canonical, "@") || strings.ContainsFunc(canonical, unicode.IsControl) {
			t.Errorf("%q became %q", text, canonical)
		}
		if len(spellings) > 3 || !slices.Contains(spellings, canonical) {
			t.Errorf("%q, of which %q is canonical, has the spellings %q", text, canonical, spellings)
		}
		if ascii, ok := identifier.CanonicalEmail(spellings[len(spellings)-1]); !ok || ascii != canonical {
			t.Errorf("%q is another account than %q: %q", spellings[len(spellings)-1], canonical, ascii)
		}
	})
}

// isASCII is used because the upper case form of some other letters, such as İ, belongs to another letter.
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
