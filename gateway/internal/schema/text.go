package schema

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The maximum length of a text that is matched with a pattern, in bytes, because matching costs some nanoseconds for each byte.
// Longer texts do not match.
const maxMatched = 4096

// checkText returns the violation of a string, or "".
func (s *Schema) checkText(text []byte) string {
	if s.minLength > 0 || s.maxLength != nil {
		length := utf8.RuneCount(text)
		if length < s.minLength {
			return "must have at least " + plural(s.minLength, "character")
		}
		if s.maxLength != nil && length > *s.maxLength {
			return "must have at most " + plural(*s.maxLength, "character")
		}
	}
	if len(s.enum) > 0 && !slices.Contains(s.enum, string(text)) {
		return "must be one of " + strings.Join(s.enum, ", ")
	}
	if s.pattern != nil && (len(text) > maxMatched || !s.pattern.Match(text)) {
		return "must match " + s.pattern.String()
	}
	if s.isTime {
		if _, err := time.Parse(time.RFC3339, string(text)); err != nil {
			return "must be a time such as 2026-09-01T10:00:00Z"
		}
	}
	return ""
}

// CheckParameter returns the violation of a query or header parameter, or "".
func (s *Schema) CheckParameter(text string) string {
	switch s.kind {
	case "string":
		return s.checkText([]byte(text))
	case "boolean":
		if _, err := strconv.ParseBool(text); err != nil {
			return s.wrongKind()
		}
	case "integer":
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil && !isDigits(strings.TrimPrefix(text, "-")) {
			return s.wrongKind()
		}
		return s.checkInteger(value, err == nil)
	}
	return ""
}

// Primitive reports whether a parameter may have this schema.
func (s *Schema) Primitive() bool {
	return s.kind == "string" || s.kind == "boolean" || s.kind == "integer"
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func (s *Schema) wrongKind() string {
	switch s.kind {
	case "", "object":
		return "must be an object"
	case "array", "integer":
		return "must be an " + s.kind
	default:
		return "must be a " + s.kind
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
