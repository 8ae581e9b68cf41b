// Package secret contains types for secrets, which must never be printed.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is printed in place of a secret.
const redacted = "[redacted]"

// Text is a text that must not be printed. Convert it to a string to use it.
type Text string

// String hides the secret.
func (Text) String() string { return redacted }

// Format hides the secret for every verb, because fmt calls String only for some of them.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the secret from structured logs.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret in JSON, and therefore in logs of a struct that contains it.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
