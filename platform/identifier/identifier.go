// Package identifier is responsible for the one spelling of ids.
package identifier

import "github.com/google/uuid"

// Canonical returns an id in the only spelling that is stored, and whether text is an id at all. Of the spellings that
// uuid.Parse knows it takes the common one alone: the others let anything stand around the id, could be slugs, or are
// none to PostgreSQL.
func Canonical(text string) (string, bool) {
	parsed, err := uuid.Parse(text)
	return parsed.String(), err == nil && len(text) == len(parsed.String())
}

// Valid reports whether text is an id in the common spelling.
func Valid(text string) bool {
	_, ok := Canonical(text)
	return ok
}
