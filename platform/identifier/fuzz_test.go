package identifier_test

import (
	"strings"
	"testing"

	"souk/platform/identifier"
)

// FuzzCanonical checks that an ID has one canonical spelling, which differs from the given one only in the case of letters.
func FuzzCanonical(f *testing.F) {
	const id = "0198a000-0000-7000-8000-00000000000c"
	for _, seed := range []string{id, strings.ToUpper(id), "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), "", id + "\x00", "x" + id[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		canonical, ok := identifier.Canonical(text)
		if ok != identifier.Valid(text) {
			t.Errorf("%q: canonical %v, valid %v", text, ok, !ok)
		}
		if !ok {
			return
		}
		if !strings.EqualFold(canonical, text) || strings.Trim(canonical, "0123456789abcdef-") != "" {
			t.Errorf("%q became %q", text, canonical)
		}
		if again, ok := identifier.Canonical(canonical); !ok || again != canonical {
			t.Errorf("%q became %q, and then %q", text, canonical, again)
		}
	})
}
