package secret

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// URL is a connection string that may contain a password. When printed, it shows only the server and the user. Convert it to a
// string to use it.
type URL string

// String returns the URL with its password replaced and without its query, which may contain passwords too. A text that is not
// a URL with a host is hidden completely, for example PostgreSQL's key=value form, or a URL with an unescaped slash in its
// password.
func (u URL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Host == "" || strings.Contains(parsed.Path, "@") {
		return redacted
	}
	shown := url.URL{Scheme: parsed.Scheme, User: parsed.User, Host: parsed.Host, Path: parsed.Path}
	return shown.Redacted()
}

// Format hides the password for every verb.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// LogValue hides the password from structured logs.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText hides the password in JSON, and therefore in logs of a struct that contains it.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
