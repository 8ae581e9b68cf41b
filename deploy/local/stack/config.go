// Package stack runs the whole shop on this machine without Docker: the databases, Consul, the services and the gateway,
// each in a process of its own. `make run`, the end-to-end tests and the benchmarks start the shop with it.
package stack

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"souk/platform/secret"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
)

// Config contains the settings of a shop. A port of 0 takes a free one.
type Config struct {
	// Dir is the folder for the shop's data, logs and secrets. Required.
	Dir string `env:"STATE_DIR"`
	// BinDir is the folder with the binaries from Build. Required.
	BinDir string
	// Binaries are the folders with the binaries of some services and of the gateway, by their names, if these are not in BinDir. Tests
	// mix versions with it; see also UseBinary.
	Binaries map[string]string
	// Source is the repository from which Start builds the services while the servers start; empty if they are built already.
	Source string
	// GatewayAddr is the address of the REST API.
	GatewayAddr    string `env:"GATEWAY_ADDR" envDefault:"127.0.0.1:8080"`
	PostgresPort   int    `env:"POSTGRES_PORT" envDefault:"15432"`
	MongoPort      int    `env:"MONGO_PORT" envDefault:"17017"`
	ConsulPort     int    `env:"CONSUL_PORT" envDefault:"8500"`
	ConsulGRPCPort int    `env:"CONSUL_GRPC_PORT" envDefault:"8502"`
	// MailsPort is that of the page of mails.
	MailsPort int `env:"MAILS_PORT" envDefault:"8025"`
	// StaffEmail and StaffPassword are the login of the first staff account. If there is no password, one is generated.
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
	// Fast makes the databases faster, but a power failure can then destroy their data. It is for tests.
	Fast bool
	// Observe starts Prometheus and Jaeger beside the shop, and an audit that runs every minute.
	Observe        bool
	PrometheusPort int `env:"PROMETHEUS_PORT" envDefault:"9090"`
	JaegerPort     int `env:"JAEGER_PORT" envDefault:"16686"`
	// TracesPort is where Jaeger takes traces.
	TracesPort int `env:"TRACES_PORT" envDefault:"4317"`
	// Replicas is the number of instances of a service or the gateway; the default is 1.
	Replicas map[string]int
	// Authority issues Consul's certificates, so that a test can issue its own; nil means Consul's own root.
	Authority *certtest.Authority
	// PostgresAddr is the address (host:port) of PostgreSQL for the services, if they use a proxy.
	PostgresAddr string
	// Env is added to the environment of every service, as NAME=value.
	Env []string
	// PartEnv is added to the environment of a single instance, by its part's name: catalog-2.
	PartEnv map[string][]string
	// Progress receives a message for each step. May be nil.
	Progress func(string)

	gateways map[string]string // addresses (host:port) of the gateways, by part name
}

func (c *Config) say(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

func (c *Config) path(elements ...string) string {
	return filepath.Join(append([]string{c.Dir}, elements...)...)
}

// listening is a server of the shop with its port, and the setting that changes the port.
type listening struct {
	what, variable string
	port           *int
}

// settle checks the configuration and that every port is free, and replaces ports of 0.
func (c *Config) settle() error {
	if err := c.checkReplicas(); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.GatewayAddr)
	if err != nil {
		return fmt.Errorf("SOUK_GATEWAY_ADDR: %q is not host:port", c.GatewayAddr)
	}
	gateway, err := strconv.Atoi(port)
	if err != nil || gateway < 0 || gateway > 65535 {
		return fmt.Errorf("SOUK_GATEWAY_ADDR: %q is not a port", port)
	}
	ports := []listening{
		{"the gateway", "SOUK_GATEWAY_ADDR", &gateway},
		{"PostgreSQL", "SOUK_POSTGRES_PORT", &c.PostgresPort},
		{"the MongoDB-protocol server", "SOUK_MONGO_PORT", &c.MongoPort},
		{"Consul", "SOUK_CONSUL_PORT", &c.ConsulPort},
		{"Consul's gRPC API", "SOUK_CONSUL_GRPC_PORT", &c.ConsulGRPCPort},
		{"the page of mails", "SOUK_MAILS_PORT", &c.MailsPort},
	}
	if c.Observe {
		ports = append(ports, listening{"Prometheus", "SOUK_PROMETHEUS_PORT", &c.PrometheusPort},
			listening{"Jaeger", "SOUK_JAEGER_PORT", &c.JaegerPort}, listening{"Jaeger's OTLP", "SOUK_TRACES_PORT", &c.TracesPort})
	}
	for _, p := range ports {
		if *p.port == 0 {
			if *p.port, err = devserver.FreePort(); err != nil {
				return err
			}
			continue // not checked again, because another program may be trying the port at this moment
		}
		if err := devserver.CheckPort(*p.port); err != nil {
			return fmt.Errorf("%s cannot start: %w; set %s to another", p.what, err, p.variable)
		}
	}
	c.GatewayAddr = net.JoinHostPort(host, strconv.Itoa(gateway))
	return c.settleGateways(host)
}

// settleGateways gives the first gateway its address, and each other one a free port, which it keeps across restarts.
func (c *Config) settleGateways(host string) error {
	c.gateways = map[string]string{Gateway: c.GatewayAddr}
	for _, part := range c.Instances(Gateway)[1:] {
		port, err := devserver.FreePort()
		if err != nil {
			return err
		}
		c.gateways[part] = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return nil
}
