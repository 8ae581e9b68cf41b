// Package email is responsible for the one spelling of an e-mail address by which an account is known.
package email

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Normalize returns text without space around it, in small letters, and composed (NFC). A small letter may compose with an
// accent where its capital does not (Y and U+030A), so that it is composed once more at the end.
func Normalize(text string) string {
	return norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(text))))
}
