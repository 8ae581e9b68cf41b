// Package audit is responsible for checking the books of a live shop: whether stock, orders, payments and shipments
// agree, each as its own service tells it. It reads through the services' RPCs alone and changes nothing.
package audit

import (
	"context"
	"fmt"
	"time"

	"souk/platform/consul"
	"souk/platform/secret"
)

// How long a mismatch must stay before it is believed, unless told.
const defaultPatience = 5 * time.Second

// Config says which shop to audit, and how.
type Config struct {
	// URL is where the gateway serves the REST API; staff logs in there.
	URL string `env:"URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	// URLCert is a file with the gateway's certificate. Without it the system's authorities vouch for an https URL.
	URLCert       string      `env:"URL_CERT" redact:"no"`
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD,notEmpty"`
	// Consul is where the services are found, and what the audit's certificate comes from.
	Consul consul.Config `envPrefix:"CONSUL_"`
	// WithProvider also asks the payment provider what it knows of each payment.
	WithProvider bool
	// Patience is how long an order must stay as it is, and at odds with the books, before that is a break:
	// services are read one after the other while the shop goes on. 0 means 5 seconds.
	Patience time.Duration
	// Progress is told of each step. May be nil.
	Progress func(string)
}

// Run reads the books and returns what it found, breaks included. An error means that it could not read them.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	services, closeAll, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	return audit(ctx, services, cfg)
}

// audit runs the checks one after the other.
func audit(ctx context.Context, services *services, cfg Config) (*Report, error) {
	start := time.Now()
	a := newAuditor(services, cfg)
	steps := []struct {
		what string
		run  func(context.Context) error
	}{
		{"stock", a.stock},
		{"orders", a.orders},
		{"reservations and payments of no order", a.strays},
		{"a second look", a.settle},
	}
	for _, step := range steps {
		if err := step.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	a.report.Checks = append(a.report.Checks, a.checks...)
	a.report.Took = time.Since(start)
	return a.report, nil
}
