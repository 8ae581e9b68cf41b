package config

import "net/url"

// IsURL reports whether a setting is the URL of a site, as in https://shop.example.com: of http or https, without a user, a query and a
// fragment.
func IsURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
