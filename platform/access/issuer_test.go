package access_test

import (
	"slices"
	"testing"

	"souk/platform/access"
)

func TestAnIssuerIsAnHTTPSURLWithoutAPath(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://shop.example.com": true, "https://shop.example.com:8443": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true,
		"http://shop.example.com": false, "http://localhost:8080": false, "https://shop.example.com/": false, "https://shop.example.com/shop": false,
		"https://shop.example.com?a": false, "https://shop.example.com#a": false, "https://me@shop.example.com": false, "https://": false,
		"shop.example.com": false, "": true, "javascript:alert(1)": false,
	} {
		var issuer access.IssuerURL
		if err := issuer.UnmarshalText([]byte(text)); (err == nil) != ok || ok && string(issuer) != text {
			t.Errorf("%q: %q, %v; want ok %v", text, issuer, err, ok)
		}
	}
}

func TestAnAssertionMayNameTheIssuerOrTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	if got := access.IssuerURL("").Audiences(); got != nil {
		t.Errorf("without an issuer: %v", got)
	}
	want := []string{"https://shop.example.com", "https://shop.example.com/oauth/token"}
	if got := access.IssuerURL("https://shop.example.com").Audiences(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
