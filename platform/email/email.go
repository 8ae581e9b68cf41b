// Package email is responsible for the one spelling of an e-mail address by which an account is known.
package email

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxLength is the length of an address at most, in bytes (RFC 5321, 4.5.3.1.3; RFC 6531 keeps it for other letters than ASCII).
const maxLength = 254

// A text beyond this, in bytes, is no spelling of an address. It is not looked at.
const maxText = 4 * maxLength

// Canonical returns the one spelling of an e-mail address, and whether text is an address. The part before the @ is in small letters
// and composed (NFC). The domain is as UTS #46 maps it for lookup, in its Unicode form: bücher.example, not xn--bcher-kva.example.
// An address with a character that cannot be seen is none: it would look like another account's. Canonical of a canonical
// address is the same.
func Canonical(text string) (string, bool) {
	address, _, ok := parse(text)
	return address, ok
}

// Spellings returns the texts that an account of this address may be known by, the likeliest first: its canonical spelling, after
// the spelling that earlier versions made of the text, if that is another; and at last its spelling with the domain in ASCII. There
// are none for a text that never was an address, such as one of a thousand letters.
func Spellings(text string) []string {
	if len(text) > maxText || !utf8.ValidString(text) {
		return nil
	}
	spellings := []string{fold(text)}
	if canonical, ascii, ok := parse(text); ok {
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

// parse returns an address in its canonical spelling, and in the one whose domain is ASCII.
func parse(text string) (canonical, ascii string, ok bool) {
	text = strings.TrimSpace(text)
	at := strings.LastIndexByte(text, '@')
	if at < 0 || len(text) > maxText || !utf8.ValidString(text) || !visible(text) {
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
	if err != nil || parsed.Address != canonical || len(canonical) > maxLength {
		return "", "", false
	}
	return canonical, local + "@" + domainASCII, true
}

// fold returns text without space around it, in small letters, and composed (NFC). A small letter may compose with an accent where
// its capital does not (Y and U+030A), so that it is composed once more at the end.
func fold(text string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(text))))
}

// visible reports whether a person sees each character of text. Those that are not seen are controls, format characters such as
// U+200B, spaces other than the ASCII one, unassigned ones, what Unicode lets a font leave out (such as U+3164), and the
// blank of Braille.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) || r == '\u2800' || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
}
