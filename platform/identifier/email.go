package identifier

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxEmail is the maximum length of an e-mail address in bytes (RFC 5321, 4.5.3.1.3; RFC 6531 keeps it for non-ASCII addresses).
const maxEmail = 254

// A text longer than this, in bytes, cannot be a spelling of an address and is not examined.
const maxEmailText = 4 * maxEmail

// CanonicalEmail returns the canonical spelling of an e-mail address, and whether text is an address. The part before the @ is in
// lower case and composed (NFC). The domain is mapped for lookup according to UTS #46, in its Unicode form: bücher.example, not
// xn--bcher-kva.example. An address with an invisible character is refused, because it would look like another account's. A
// canonical address is its own canonical spelling.
func CanonicalEmail(text string) (string, bool) {
	address, _, ok := parseEmail(text)
	return address, ok
}

// EmailSpellings returns the texts by which an account with this address may be stored, the likeliest first: its canonical spelling,
// the spelling that earlier versions derived from the text if it differs, and the spelling with the domain in ASCII. It returns
// nothing for a text that was never accepted as an address, for example one of a thousand letters.
func EmailSpellings(text string) []string {
	if len(text) > maxEmailText || !utf8.ValidString(text) {
		return nil
	}
	spellings := []string{fold(text)}
	if canonical, ascii, ok := parseEmail(text); ok {
		spellings = append(spellings, canonical, ascii)
	}
	unique := spellings[:0]
	for _, spelling := range spellings {
		if !slices.Contains(unique, spelling) {
			unique = append(unique, spelling)
		}
	}
	return unique
}

// parseEmail returns the canonical spelling of an address, and the spelling with an ASCII domain.
func parseEmail(text string) (canonical, ascii string, ok bool) {
	text = strings.TrimSpace(text)
	at := strings.LastIndexByte(text, '@')
	if at < 0 || len(text) > maxEmailText || !utf8.ValidString(text) || !visible(text) {
		return "", "", false
	}
	domain, err := idna.Lookup.ToUnicode(text[at+1:])
	if err != nil || !visible(domain) {
		return "", "", false
	}
	domainASCII, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", "", false
	}
	local := fold(text[:at])
	canonical = local + "@" + domain
	parsed, err := mail.ParseAddress(canonical)
	if err != nil || parsed.Address != canonical || len(canonical) > maxEmail {
		return "", "", false
	}
	return canonical, local + "@" + domainASCII, true
}

// fold returns text without surrounding space, in lower case, and composed (NFC). It is composed again at the end, because a
// lower case letter may compose with an accent where its upper case letter does not (Y and U+030A).
func fold(text string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(text))))
}

// visible reports whether every character of text is visible. Invisible are control characters, format characters such as
// U+200B, spaces other than the ASCII one, unassigned characters, those that Unicode allows fonts to omit (such as U+3164), and
// the blank Braille pattern.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) || r == '\u2800' || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
}
