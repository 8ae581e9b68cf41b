package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The maximum length of a SKU. The bytes bound what lists of SKUs take in messages and indexes.
const (
	maxSKU      = 100
	maxSKUBytes = 255
)

// SKURule says in words what ValidSKU requires, for messages about a field.
const SKURule = "must have 1 to 100 characters (255 bytes), none of them a control character, and no space at an end"

// ValidSKU reports whether text is a valid SKU: 1 to 100 characters of any script in Unicode's composed form (NFC), without
// control characters, and with blanks only inside. "." and ".." are invalid, because in the path of a URL they would be taken for
// folders. Other characters with a meaning in URLs are percent-encoded there.
func ValidSKU(text string) bool {
	return text != "" && text != "." && text != ".." && len(text) <= maxSKUBytes &&
		utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxSKU &&
		strings.TrimSpace(text) == text && !strings.ContainsFunc(text, forbiddenInSKU) && norm.NFC.IsNormalString(text)
}

// forbiddenInSKU reports whether r is a control character, breaks a line, or is invisible, so that two SKUs would look the same. The
// two joiners are allowed, because some scripts need them.
func forbiddenInSKU(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}

// CleanSKU returns the valid spelling of a SKU that came from a spreadsheet or a form: composed (NFC), without blanks at its ends,
// with one blank for each line break or tab inside, and without invisible characters. What it returns may still be invalid.
func CleanSKU(text string) string {
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Zl, unicode.Zp), unicode.IsSpace(r) && unicode.IsControl(r):
			return '\n'
		case r != utf8.RuneError && forbiddenInSKU(r) && unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	lines := strings.FieldsFunc(visible, func(r rune) bool { return r == '\n' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return norm.NFC.String(strings.TrimSpace(strings.Join(lines, " ")))
}
