// Package identifier checks what identifies things, IDs, SKUs and e-mail addresses, and converts it to its canonical spelling.
package identifier

import "github.com/google/uuid"

// Canonical returns an ID in the spelling that is stored, and whether text is an ID. Of the spellings that uuid.Parse accepts,
// it accepts only the usual one. The others allow any characters around the ID, could be slugs, or are invalid in PostgreSQL.
func Canonical(text string) (string, bool) {
	parsed, err := uuid.Parse(text)
	return parsed.String(), err == nil && len(text) == len(parsed.String())
}

// Valid reports whether text is an ID in the usual spelling.
func Valid(text string) bool {
	_, ok := Canonical(text)
	return ok
}
