// Package field is responsible for one thing: saying which fields of an input are wrong, and why.
package field

import "strings"

// Violation is one thing wrong with one field.
type Violation struct {
	// Field is the path of the field as the client wrote it: `shipping_address.country`, `variants[0].sku`.
	Field string
	// Message says what the field must be.
	Message string
}

// Error is invalid input. Servers answer it as INVALID_ARGUMENT with a violation for each field.
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

// Checker collects violations. Its zero value is ready.
type Checker struct {
	violations []Violation
}

// Check records a violation of field unless ok.
func (c *Checker) Check(ok bool, field, message string) {
	if !ok {
		c.violations = append(c.violations, Violation{Field: field, Message: message})
	}
}

// Err returns an *Error with everything recorded, or nil.
func (c *Checker) Err() error {
	if len(c.violations) == 0 {
		return nil
	}
	return &Error{Violations: c.violations}
}
