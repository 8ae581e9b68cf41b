package app

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"souk/gateway/internal/edge"
	"souk/gateway/internal/feed"
	"souk/platform/money"
	"souk/platform/service"
)

// An orchestrator kills what does not end: a process that is told to stop has to be done within minutes.
const maxLameDuck = 5 * time.Minute

// Config is everything the gateway can be told from outside.
type Config struct {
	Service   service.Config
	Addr      string `env:"GATEWAY_ADDR" envDefault:"127.0.0.1:8080"`
	Advertise string `env:"GATEWAY_ADVERTISE"`
	// Concurrency is how many requests are worked on at once, 0 for any number.
	Concurrency uint16 `env:"GATEWAY_CONCURRENCY" envDefault:"32"`
	// LameDuck is for how long requests are taken once the process is told to stop, while /readyz says 503: longer than a load
	// balancer takes to notice.
	LameDuck time.Duration `env:"GATEWAY_LAME_DUCK" envDefault:"5s"`
	// AdminAddr is where the admin port is served; empty, there is none.
	AdminAddr string `env:"GATEWAY_ADMIN_ADDR" envDefault:"127.0.0.1:0"`
	// TLSCert and TLSKey are the files of a certificate chain and its key in PEM. Without them it is plain HTTP.
	TLSCert  string `env:"GATEWAY_TLS_CERT"`
	TLSKey   string `env:"GATEWAY_TLS_KEY" redact:"no"`
	Currency string `env:"CURRENCY" envDefault:"GBP"`
	// CacheBytes is how much is kept of catalog's answers, and as much again of the pages that are made of them.
	CacheBytes uint64 `env:"GATEWAY_CACHE_BYTES" envDefault:"67108864"`
	// Copy is on or off: whether what is kept is given without asking as long as it has not changed.
	Copy string `env:"GATEWAY_COPY" envDefault:"on"`
	// RateLimits is on or off.
	RateLimits string `env:"RATE_LIMITS" envDefault:"on"`
	// Proxies are the networks of the reverse proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix `env:"TRUSTED_PROXIES"`
	// Origins are the origins whose pages may use the API.
	Origins edge.Origins `env:"CORS_ORIGINS"`
}

// Validate says which setting is wrong.
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

// limits are nil when there are none.
func (c *Config) limits() *edge.Limits {
	if c.RateLimits == "off" {
		return nil
	}
	return edge.NewLimits(c.Proxies)
}

// changes are nil when nothing is given without asking.
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
