// Package field reports invalid fields of an input.
package field

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"souk/platform/identifier"
)

// Violation describes a problem with one field.
type Violation struct {
	// Field is the path of the field as the client writes it: `shipping_address.country`, `variants[0].sku`.
	Field string
	// Message says what the field must be.
	Message string
}

// Error is invalid input. Servers answer it with INVALID_ARGUMENT and a violation for each field.
type Error struct {
	Violations []Violation
}

func (e *Error) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Field + " " + v.Message
	}
	return strings.Join(parts, "; ")
}

// Invalid returns an *Error for one field.
func Invalid(field, message string) error {
	return &Error{Violations: []Violation{{Field: field, Message: message}}}
}

// Checker collects violations. The zero value is ready for use.
type Checker struct {
	violations []Violation
}

// Check records a violation of field unless ok.
func (c *Checker) Check(ok bool, field, message string) {
	if !ok {
		c.violations = append(c.violations, Violation{Field: field, Message: message})
	}
}

// CheckLine records a violation of field unless value is a single line of text: UTF-8 without control characters, with at most
// most characters and, if it is required, not only blanks.
func (c *Checker) CheckLine(field, value string, required bool, most int) {
	switch {
	case !utf8.ValidString(value):
		c.Check(false, field, "must be UTF-8")
	case required && strings.TrimSpace(value) == "":
		c.Check(false, field, "is required")
	case utf8.RuneCountInString(value) > most:
		c.Check(false, field, fmt.Sprintf("must have at most %d characters", most))
	default:
		c.Check(!strings.ContainsFunc(value, unicode.IsControl), field, "must not contain control characters")
	}
}

// CheckID returns an ID in its canonical spelling. It records a violation of field if value is not an ID.
func (c *Checker) CheckID(field, value string) string {
	id, ok := identifier.Canonical(value)
	c.Check(ok, field, "is not an id")
	return id
}

// CheckTime returns a time, or the zero time if there is none. It records a violation of field if the time is outside the years
// 1 to 9999, because protobuf can express times that PostgreSQL has no value for.
func (c *Checker) CheckTime(field string, value *timestamppb.Timestamp) time.Time {
	if value == nil {
		return time.Time{}
	}
	c.Check(value.IsValid(), field, "must be a time in the years 1 to 9999")
	return value.AsTime()
}

// Err returns an *Error with all recorded violations, or nil if there are none.
func (c *Checker) Err() error {
	if len(c.violations) == 0 {
		return nil
	}
	return &Error{Violations: c.violations}
}
