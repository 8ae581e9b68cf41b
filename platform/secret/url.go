package secret

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// URL is a connection string that may hold a password. Printed, it says where it leads and as whom, and nothing else. To
// use it is to convert it to a string.
type URL string

// String returns the URL with its password replaced and without its query, which holds passwords too in some dialects. What
// is no URL with a host is hidden whole: PostgreSQL's key=value form, and a password with a slash that was not escaped.
func (u URL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Host == "" || strings.Contains(parsed.Path, "@") {
		return redacted
	}
	shown := url.URL{Scheme: parsed.Scheme, User: parsed.User, Host: parsed.Host, Path: parsed.Path}
	return shown.Redacted()
}

// Format hides the password from every verb.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// LogValue hides the password from structured logs.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText hides the password from JSON, and so from logs of a struct that holds it.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
