// Package setup is responsible for the secrets of the shop in containers: it makes them up at the first start, hands each
// container its own in a volume that no other mounts, and makes Consul know whose its tokens are.
package setup

import "souk/platform/secret"

// Config is everything setup can be told from outside. A password that is given takes the place of the one kept so far.
type Config struct {
	StaffEmail       string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword    secret.Text `env:"STAFF_PASSWORD"`
	DatabasePassword secret.Text `env:"DATABASE_PASSWORD"`
	ConsulAddr       string      `env:"CONSUL_ADDR" envDefault:"consul:8500"`
	// Dir is where setup keeps all secrets, for itself.
	Dir string `env:"SETUP_DIR" envDefault:"/secrets"`
	// Volumes is the folder of the containers' own volumes, each below the container's name.
	Volumes string `env:"SETUP_VOLUMES" envDefault:"/volumes"`
}

// relational are the services that keep their data in PostgreSQL, each on a server of its own: orders in orders-db.
var relational = []string{"catalog", "orders", "inventory", "payments", "shipping"}

// certified are those who register with Consul or take a certificate from it.
var certified = []string{"catalog", "customers", "carts", "orders", "inventory", "payments", "shipping", "gateway", "audit"}
