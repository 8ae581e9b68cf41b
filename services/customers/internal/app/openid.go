package app

import (
	"errors"
	"fmt"
	"strings"

	"souk/platform/config"
	"souk/platform/secret"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/openid"
)

// OpenIDEnv contains the settings of the providers with which people may sign in. Without providers, nothing else is needed.
type OpenIDEnv struct {
	// Providers is a JSON array of openid.Settings. It has secrets.
	Providers secret.Text `env:"PROVIDERS"`
	// URL is where browsers reach the gateway, to come back from a provider.
	URL string `env:"URL" redact:"no"`
}

func (e OpenIDEnv) validate() error {
	if e.Providers == "" {
		return nil
	}
	if _, err := openid.Parse(e.Providers); err != nil {
		return fmt.Errorf("SOUK_OPENID_PROVIDERS: %w", err)
	}
	if !config.IsURL(e.URL) {
		return errors.New("SOUK_OPENID_URL is no URL as in https://api.shop.example.com; it is needed with SOUK_OPENID_PROVIDERS")
	}
	return nil
}

// secure reports whether browsers reach the gateway by https.
func (e OpenIDEnv) secure() bool { return strings.HasPrefix(e.URL, "https:") }

// offerProviders lets people sign in with the providers of the settings.
func (c *Config) offerProviders(accounts *customers.Service) error {
	settings, err := openid.Parse(c.OpenID.Providers)
	if err != nil {
		return err
	}
	accounts.OfferProviders(openid.All(settings, strings.TrimSuffix(c.OpenID.URL, "/")), strings.TrimSuffix(c.PagesURL, "/")+"/sign-in")
	return nil
}
