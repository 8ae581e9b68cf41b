package app

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"souk/gateway/internal/edge"
	"souk/gateway/internal/feed"
	"souk/platform/access"
	"souk/platform/money"
	"souk/platform/service"
)

// Orchestrators kill a process that takes too long to stop, so it must be done within minutes.
const maxLameDuck = 5 * time.Minute

// Config contains the gateway's settings, read from the environment.
type Config struct {
	Service   service.Config
	Addr      string `env:"GATEWAY_ADDR" envDefault:"127.0.0.1:8080"`
	Advertise string `env:"GATEWAY_ADVERTISE"`
	// Concurrency is the maximum number of concurrent requests; 0 means no limit.
	Concurrency uint16 `env:"GATEWAY_CONCURRENCY" envDefault:"32"`
	// LameDuck is how long the gateway accepts requests after it was told to stop, while /readyz answers 503. It must be longer
	// than a load balancer takes to notice that.
	LameDuck time.Duration `env:"GATEWAY_LAME_DUCK" envDefault:"5s"`
	// AdminAddr is the address of the admin port; if empty, there is none.
	AdminAddr string `env:"GATEWAY_ADMIN_ADDR" envDefault:"127.0.0.1:0"`
	// TLSCert and TLSKey are PEM files of a certificate chain and its key. Without them the gateway speaks plain HTTP.
	TLSCert  string `env:"GATEWAY_TLS_CERT"`
	TLSKey   string `env:"GATEWAY_TLS_KEY" redact:"no"`
	Currency string `env:"CURRENCY" envDefault:"GBP"`
	// IssuerURL names the shop to OAuth clients. Without it there is no /.well-known/oauth-authorization-server.
	IssuerURL access.IssuerURL `env:"ISSUER_URL" redact:"no"`
	// CacheBytes limits the cache of catalog's answers; the cache of pages made from them may be as large again.
	CacheBytes uint64 `env:"GATEWAY_CACHE_BYTES" envDefault:"67108864"`
	// Copy is "on" or "off". If on, cached answers are given without asking as long as they have not changed.
	Copy string `env:"GATEWAY_COPY" envDefault:"on"`
	// RateLimits is "on" or "off".
	RateLimits string `env:"RATE_LIMITS" envDefault:"on"`
	// Proxies are the networks of trusted reverse proxies. Only their X-Forwarded-For is used.
	Proxies []netip.Prefix `env:"TRUSTED_PROXIES"`
	// Origins are the web origins whose pages may use the API.
	Origins edge.Origins `env:"CORS_ORIGINS"`
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if _, err := money.Exponent(c.Currency); err != nil {
		return fmt.Errorf("SOUK_CURRENCY: %w", err)
	}
	if c.CacheBytes == 0 {
		return errors.New("SOUK_GATEWAY_CACHE_BYTES: there must be some")
	}
	if c.RateLimits != "on" && c.RateLimits != "off" {
		return fmt.Errorf("SOUK_RATE_LIMITS: %q is neither on nor off", c.RateLimits)
	}
	if c.Copy != "on" && c.Copy != "off" {
		return fmt.Errorf("SOUK_GATEWAY_COPY: %q is neither on nor off", c.Copy)
	}
	if c.LameDuck < 0 || c.LameDuck > maxLameDuck {
		return fmt.Errorf("SOUK_GATEWAY_LAME_DUCK: %v is not between 0 and %v", c.LameDuck, maxLameDuck)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("SOUK_GATEWAY_TLS_CERT, SOUK_GATEWAY_TLS_KEY: there must be both or neither")
	}
	if err := c.Origins.Validate(); err != nil {
		return fmt.Errorf("SOUK_CORS_ORIGINS: %w", err)
	}
	return nil
}

// limits returns the rate limits, or nil if they are off.
func (c *Config) limits() *edge.Limits {
	if c.RateLimits == "off" {
		return nil
	}
	return edge.NewLimits(c.Proxies)
}

// changes returns a Changes to follow, or nil if cached answers must not be given without asking.
func (c *Config) changes() *feed.Changes {
	if c.Copy == "off" {
		return nil
	}
	return feed.NewChanges()
}

func (c *Config) http() service.HTTPConfig {
	return service.HTTPConfig{
		CertFile: c.TLSCert, KeyFile: c.TLSKey, Proxies: c.Proxies, LameDuck: c.LameDuck, AnyNetwork: c.RateLimits == "off",
	}
}
