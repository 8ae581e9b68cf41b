// Package audit checks a running shop: whether stock, orders, payments and shipments agree, as reported by their services. It
// only reads, and only through the services' RPCs. The exception is Shop.Mend.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/consul"
	"souk/platform/secret"
)

// How long a difference must last before it is reported, by default.
const defaultPatience = 5 * time.Second

// Config contains the shop to audit and the options.
type Config struct {
	// URL is the address of the REST API, where staff logs in.
	URL string `env:"URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	// URLCert is a file with the gateway's certificate. If it is empty, the system's certificate authorities verify an https
	// URL.
	URLCert       string      `env:"URL_CERT" redact:"no"`
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
	// ClientID and ClientSecret are those of an OAuth client, which needs no person's password.
	ClientID     string      `env:"CLIENT_ID"`
	ClientSecret secret.Text `env:"CLIENT_SECRET"`
	// Consul is used to find the services and to get the certificate.
	Consul consul.Config `envPrefix:"CONSUL_"`
	// Identity is the service name in the certificate, whose Consul token is needed. Empty means Reader.
	Identity string
	// WithProvider also compares each payment with the payment provider.
	WithProvider bool
	// Patience is how long an order must stay unchanged with a difference before the difference is reported, because the
	// services are read one after another while the shop continues to work. 0 means 5 seconds.
	Patience time.Duration
	// Progress receives a message for each step. May be nil.
	Progress func(string)
}

// Validate returns an error that names the missing setting.
func (c *Config) Validate() error {
	switch {
	case (c.ClientID == "") != (c.ClientSecret == ""):
		return errors.New("SOUK_CLIENT_ID and SOUK_CLIENT_SECRET go together")
	case c.ClientID == "" && c.StaffPassword == "":
		return errors.New("SOUK_STAFF_PASSWORD is needed, or SOUK_CLIENT_ID and SOUK_CLIENT_SECRET")
	}
	return nil
}

// Run reads the data and returns the result, including the differences found. An error means that the data could not be read.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	shop, err := Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer shop.Close()
	return shop.Audit(ctx)
}

// Shop is a connection to a shop, for many audits.
type Shop struct {
	services *services
	closeAll func()
	cfg      Config
}

// Connect connects to the services of a shop. The connection lasts until Close or the end of ctx.
func Connect(ctx context.Context, cfg Config) (*Shop, error) {
	services, closeAll, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Shop{services: services, closeAll: closeAll, cfg: cfg}, nil
}

// Audit is like Run, on this connection.
func (s *Shop) Audit(ctx context.Context) (*Report, error) { return audit(ctx, s.services, s.cfg) }

// Mend has orders make the other services agree with an order, or give back what they hold for an ID that is no order. The identity must be
// Mender.
func (s *Shop) Mend(ctx context.Context, orderID string) error {
	_, err := call(ctx, s.services, s.services.orders.MendOrder, &ordersv1.MendOrderRequest{Id: orderID})
	return err
}

// Close ends the connection.
func (s *Shop) Close() { s.closeAll() }

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
		{"reservations, payments and parcels of no order", a.strays},
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
