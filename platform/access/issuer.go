package access

import (
	"errors"
	"net/netip"
	"net/url"
)

// IssuerURL is the URL that names the shop to OAuth clients (RFC 8414, section 2). It is empty if the shop has none.
type IssuerURL string

// TokenPath is the path of the token endpoint.
const TokenPath = "/oauth/token"

// UnmarshalText implements encoding.TextUnmarshaler. It accepts nothing, https URLs without a path and, for development, http URLs of this machine.
func (i *IssuerURL) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = ""
		return nil
	}
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Host == "" || parsed.Path != "" || parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "" || parsed.User != nil {
		return errors.New("is not a URL as in https://shop.example.com, without a path")
	}
	loopback, err := netip.ParseAddr(parsed.Hostname())
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || err != nil || !loopback.IsLoopback()) {
		return errors.New("is not an https URL")
	}
	*i = IssuerURL(text)
	return nil
}

// At returns the URL of a path.
func (i IssuerURL) At(path string) string { return string(i) + path }

// Audiences are the names by which an assertion of a client may call the shop (RFC 7523, section 3). There are none without an issuer.
func (i IssuerURL) Audiences() []string {
	if i == "" {
		return nil
	}
	return []string{string(i), i.At(TokenPath)}
}
