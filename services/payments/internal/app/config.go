package app

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/platform/service"
)

// The names of the providers in settings and in the paths of their webhooks.
const (
	simulated = "simulator"
	byStripe  = "stripe"
)

// Config contains payments' settings, read from the environment.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"PAYMENTS_"`
	Database pgdb.Config    `envPrefix:"PAYMENTS_"`
	// Provider is the payment provider: simulator or stripe.
	Provider  string       `env:"PAYMENTS_PROVIDER" envDefault:"simulator"`
	Simulator SimulatorEnv `envPrefix:"PAYMENTS_SIMULATOR_"`
	Stripe    StripeEnv    `envPrefix:"PAYMENTS_STRIPE_"`
}

// SimulatorEnv contains the simulator's settings. Without a secret, its webhook messages are refused.
type SimulatorEnv struct {
	WebhookSecret secret.Text `env:"WEBHOOK_SECRET"`
	// Day is how long a day of the simulated network takes, so that nobody has to wait for a week until an authorization expires.
	Day time.Duration `env:"DAY" envDefault:"24h"`
}

// StripeEnv contains the settings of Stripe's adapter. Without a secret, Stripe's webhook messages are refused.
type StripeEnv struct {
	Key           secret.Text `env:"KEY"`
	WebhookSecret secret.Text `env:"WEBHOOK_SECRET"`
	// URL is empty for Stripe itself. Tests set it to stripe-mock.
	URL string `env:"URL" redact:"no"`
}

// Validate returns an error that names the invalid settings.
func (c Config) Validate() error {
	switch c.Provider {
	case simulated:
		if c.Simulator.Day <= 0 {
			return errors.New("SOUK_PAYMENTS_SIMULATOR_DAY must be above 0")
		}
		return nil
	case byStripe:
	default:
		return fmt.Errorf("SOUK_PAYMENTS_PROVIDER: %q is neither %s nor %s", c.Provider, simulated, byStripe)
	}
	if c.Stripe.Key == "" {
		return errors.New("SOUK_PAYMENTS_STRIPE_KEY is required when SOUK_PAYMENTS_PROVIDER is stripe")
	}
	if c.Stripe.URL == "" {
		return nil
	}
	if u, err := url.Parse(c.Stripe.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("SOUK_PAYMENTS_STRIPE_URL is no http or https URL")
	}
	return nil
}
