package identifier_test

import (
	"slices"
	"strings"
	"testing"

	"souk/platform/identifier"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{" Ada@Example.COM\n", "ada@example.com"},
		{"e\u0301@x", "\u00e9@x"}, {"Y\u030a@x", "\u1e99@x"}, {"\u1e99@x", "\u1e99@x"},
		{"x@bücher.example", "x@bücher.example"}, {"x@xn--bcher-kva.example", "x@bücher.example"}, {"X@XN--BCHER-KVA.Example", "x@bücher.example"},
		{"x@BU\u0308CHER.example", "x@bücher.example"}, {"x@bücher。example", "x@bücher.example"}, {"x@ｅxample.com", "x@example.com"},
		{"x@faß.de", "x@faß.de"}, {"x@fass.de", "x@fass.de"}, {"ада@пример.рф", "ада@пример.рф"},
	} {
		if got, ok := identifier.CanonicalEmail(test.text); got != test.want || !ok {
			t.Errorf("%q is %q (%v), want %q", test.text, got, ok, test.want)
		}
	}
}

func TestATextThatIsNoAddressHasNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", "@", "x@", "@x", "a@b@c", "Ada <ada@example.com>", "a,b@c", "a@[127.0.0.1]", "a@b..c", "a@-b.example", "a@xn--a", "a@xn--",
		"a@b_c.example", `"a b"@example.com`, "\xff@b", "a@b\x00", strings.Repeat("a", 250) + "@example.com", strings.Repeat("a", 1<<20) + "@b",
		// Invisible characters: zero-width space, joiners, soft hyphen, direction marks, a filler, selectors, tags, unusual
		// spaces, private use.
		"z\u200b@example.com", "z\u200d@example.com", "z\u00ad@example.com", "\u202ez@example.com", "z\u2066@example.com", "z\ufeff@example.com",
		"z\u3164@example.com", "z\ufe0f@example.com", "z\u034f@example.com", "z\u2800@example.com", "z\U000e0041@example.com", "z\U000e0100@example.com",
		"\"z\u00a0\"@example.com", "\"z\u3000\"@example.com", "z\ue000@example.com", "z\u2028@example.com", "z\t@example.com", "z\x7f@example.com",
		"z@exam\u200bple.com", "z@exam\u00adple.com", "z@example.com\u200b", "z@xn--ab-m1t.example",
	} {
		if got, ok := identifier.CanonicalEmail(text); ok {
			t.Errorf("%.40q is taken for the address %q", text, got)
		}
	}
}

func TestAnAccountOfAnEarlierVersionIsFoundByEachSpellingOfItsAddress(t *testing.T) {
	t.Parallel()
	const unicode, ascii = "x@bücher.example", "x@xn--bcher-kva.example"
	for _, test := range []struct {
		text string
		want []string
	}{
		{" Ada@example.com ", []string{"ada@example.com"}},
		{"X@Bücher.example", []string{unicode, ascii}},
		{"x@XN--bcher-kva.example", []string{ascii, unicode}},
		{"x@BÜCHER。example", []string{"x@bücher。example", unicode, ascii}},
		{"z\u200b@example.com", []string{"z\u200b@example.com"}}, // its owner can still log in
		{"x\xff@example.com", nil}, {strings.Repeat("a", 1<<20) + "@b", nil},
	} {
		if got := identifier.EmailSpellings(test.text); !slices.Equal(got, test.want) {
			t.Errorf("%.40q has the spellings %q, want %q", test.text, got, test.want)
		}
	}
}
