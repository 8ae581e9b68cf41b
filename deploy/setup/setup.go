// Package setup prepares the shop in containers. It generates the secrets at the first start and writes each container's
// secrets into a volume that no other container mounts. It gives each service a plain role in its database, and registers the
// tokens in Consul.
package setup

import (
	"fmt"
	"slices"

	"souk/deploy/setup/roster"
	"souk/platform/secret"
)

// Config contains the settings of setup. A provided password replaces the stored one.
type Config struct {
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
	// DemoPassword is the password of the demo customer.
	DemoPassword secret.Text `env:"DEMO_PASSWORD"`
	// The secrets of the OAuth clients of the shop's tools.
	AuditClientSecret secret.Text `env:"AUDIT_CLIENT_SECRET"`
	DemoClientSecret  secret.Text `env:"DEMO_CLIENT_SECRET"`
	MendClientSecret  secret.Text `env:"MEND_CLIENT_SECRET"`
	// DatabasePassword is the password of the services' roles in all databases.
	DatabasePassword secret.Text `env:"DATABASE_PASSWORD"`
	// The secrets of payment providers come from the providers. Without them, payments has none.
	SimulatorWebhookSecret secret.Text `env:"PAYMENTS_SIMULATOR_WEBHOOK_SECRET"`
	StripeKey              secret.Text `env:"PAYMENTS_STRIPE_KEY"`
	StripeWebhookSecret    secret.Text `env:"PAYMENTS_STRIPE_WEBHOOK_SECRET"`
	// SMTPPassword comes from the operator of the SMTP server.
	SMTPPassword secret.Text `env:"SMTP_PASSWORD"`
	// OpenIDProviders are the settings of OpenID providers as customers reads them.
	OpenIDProviders secret.Text `env:"OPENID_PROVIDERS"`
	ConsulAddr      string      `env:"CONSUL_ADDR" envDefault:"consul:8500"`
	// PublicURL is the address of the shop for shoppers.
	PublicURL string `env:"PUBLIC_URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	// Dir is the folder in which setup stores all secrets.
	Dir string `env:"SETUP_DIR" envDefault:"/secrets"`
	// CartsMongo is "off" in a shop whose carts were never in MongoDB, so that it has no carts-mongo.
	CartsMongo string `env:"SETUP_CARTS_MONGO" envDefault:"on"`
	// Volumes is the folder with the volumes of the containers, named after the containers.
	Volumes string `env:"SETUP_VOLUMES" envDefault:"/volumes"`
}

// Validate returns an error that names the invalid setting.
func (c *Config) Validate() error {
	if c.CartsMongo != "on" && c.CartsMongo != "off" {
		return fmt.Errorf("SOUK_SETUP_CARTS_MONGO: %q is neither on nor off", c.CartsMongo)
	}
	return nil
}

func (c *Config) hasCartsMongo() bool { return c.CartsMongo != "off" }

// cartsMongo is the server in which carts stored its data before.
const cartsMongo = "carts-mongo"

// relational are the services with a PostgreSQL, each on its own server: orders in orders-db. documental maps the services with
// a MongoDB to their server. Carts stored its data there before, and copies it at its first start.
var (
	relational = roster.On(roster.PostgreSQL)
	documental = map[string]string{"customers": "customers-db", "carts": cartsMongo}
)

// certified are the programs that register with Consul or get a certificate from it.
var certified = slices.Concat(roster.Names(), []string{"gateway", "audit", "mend"})
