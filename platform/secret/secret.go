// Package secret is responsible for text that must never be printed.
package secret

import "log/slog"

// redacted stands wherever a secret would.
const redacted = "[redacted]"

// Text is text that must not be printed. To use it is to convert it to a string.
type Text string

// String hides the secret from logs and errors.
func (Text) String() string { return redacted }

// GoString hides the secret from %#v.
func (Text) GoString() string { return redacted }

// LogValue hides the secret from structured logs.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from JSON, and so from logs of a struct that holds it.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
