// Package setup prepares the shop in containers. It makes up the secrets at the first start and hands each container its own, in
// a volume that no other mounts. It gives each service a plain role in its database, and tells Consul whose the tokens are.
package setup

import (
	"slices"

	"souk/deploy/setup/roster"
	"souk/platform/secret"
)

// Config is everything setup can be told from outside. A password that is given takes the place of the one kept so far.
type Config struct {
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
	// DemoPassword is of the demo shop's customer.
	DemoPassword secret.Text `env:"DEMO_PASSWORD"`
	// DatabasePassword is of the services' own roles, in all databases.
	DatabasePassword secret.Text `env:"DATABASE_PASSWORD"`
	// The secrets of payment providers are made up by the providers. Without them payments has none.
	SimulatorWebhookSecret secret.Text `env:"PAYMENTS_SIMULATOR_WEBHOOK_SECRET"`
	StripeKey              secret.Text `env:"PAYMENTS_STRIPE_KEY"`
	StripeWebhookSecret    secret.Text `env:"PAYMENTS_STRIPE_WEBHOOK_SECRET"`
	ConsulAddr             string      `env:"CONSUL_ADDR" envDefault:"consul:8500"`
	// PublicURL is where shoppers find the shop.
	PublicURL string `env:"PUBLIC_URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	// Dir is where setup keeps all secrets, for itself.
	Dir string `env:"SETUP_DIR" envDefault:"/secrets"`
	// Volumes is the folder of the containers' own volumes, each below the container's name.
	Volumes string `env:"SETUP_VOLUMES" envDefault:"/volumes"`
}

// relational are the services that keep their data in PostgreSQL, each on a server of its own: orders in orders-db. documental
// are the services with a MongoDB, and its server. Carts kept its data there before, and copies it at its first start.
var (
	relational = roster.On(roster.PostgreSQL)
	documental = map[string]string{"customers": "customers-db", "carts": "carts-mongo"}
)

// certified are those that register with Consul or take a certificate from it.
var certified = slices.Concat(roster.Names(), []string{"gateway", "audit"})
