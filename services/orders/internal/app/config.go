package app

import (
	"errors"
	"fmt"
	"time"

	"souk/platform/config"
	"souk/platform/mail"
	"souk/platform/pgdb"
	"souk/platform/service"
)

// Config is everything orders can be told from outside.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"ORDERS_"`
	Database pgdb.Config    `envPrefix:"ORDERS_"`
	// Inline is how long a request works on its order before it answers that the order is pending.
	Inline time.Duration `env:"ORDERS_INLINE_TIMEOUT" envDefault:"5s"`
	// Hold is how long stock is held for an order that is not paid yet.
	Hold time.Duration `env:"ORDERS_HOLD" envDefault:"10m"`
	Mail mail.Config
	// PagesURL is the URL of the storefront, to which the links in mails lead.
	PagesURL string `env:"ORDERS_PAGES_URL" redact:"no"`
}

// Inventory holds stock for no longer than this.
const longestHold = 24 * time.Hour

// Validate implements what config.Load calls.
func (c Config) Validate() error {
	switch {
	case c.Inline <= 0 || c.Inline > time.Minute:
		return errors.New("SOUK_ORDERS_INLINE_TIMEOUT must be above 0 and at most 1m")
	case c.Hold <= c.Inline || c.Hold > longestHold:
		return errors.New("SOUK_ORDERS_HOLD must be longer than SOUK_ORDERS_INLINE_TIMEOUT and at most 24h")
	}
	if err := c.Mail.Validate(); err != nil || c.Mail.Addr == "" {
		return err
	}
	if !config.IsURL(c.PagesURL) {
		return fmt.Errorf("SOUK_ORDERS_PAGES_URL: %q is not a URL as in https://shop.example.com; it is needed with SOUK_SMTP_ADDR", c.PagesURL)
	}
	return nil
}
