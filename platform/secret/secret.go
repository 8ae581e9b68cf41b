// Package secret is responsible for settings and texts that must never be printed.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would.
const redacted = "[redacted]"

// Text is text that must not be printed. To use it is to convert it to a string.
type Text string

// String hides the secret from whoever asks for its text.
func (Text) String() string { return redacted }

// Format hides the secret from every verb: fmt asks String for some of them only.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the secret from structured logs.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from JSON, and so from logs of a struct that holds it.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
