// Package stack is responsible for running the whole shop on this machine without Docker: the databases,
// Consul, the seven services and the gateway, each a process of its own. `make run`, the end-to-end tests
// and the benchmarks all start the shop with it.
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

// Config says where the shop runs. A port of 0 takes a free one.
type Config struct {
	// Dir holds the shop's data, logs and secrets. Required.
	Dir string `env:"STATE_DIR"`
	// BinDir holds the binaries that Build made. Required.
	BinDir string
	// Source is the repository that Start builds the services from while the servers start; they are built already if it is empty.
	Source string
	// GatewayAddr is where the REST API is served.
	GatewayAddr    string `env:"GATEWAY_ADDR" envDefault:"127.0.0.1:8080"`
	PostgresPort   int    `env:"POSTGRES_PORT" envDefault:"15432"`
	MongoPort      int    `env:"MONGO_PORT" envDefault:"17017"`
	ConsulPort     int    `env:"CONSUL_PORT" envDefault:"8500"`
	ConsulGRPCPort int    `env:"CONSUL_GRPC_PORT" envDefault:"8502"`
	// StaffEmail and StaffPassword are the first staff account's; a password is made up unless given.
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
	// Fast trades safety against power loss for speed. For tests.
	Fast bool
	// Replicas says how many instances of a service, or of the gateway, run; 1 unless told.
	Replicas map[string]int
	// Authority is what Consul issues certificates from, so that a test can issue its own; Consul's own root unless given.
	Authority *certtest.Authority
	// PostgresAddr is where the services reach PostgreSQL, host:port, if that is at a proxy.
	PostgresAddr string
	// Env is added to the environment of every service, as NAME=value.
	Env []string
	// PartEnv is added to that of one instance alone, by its part's name: catalog-2.
	PartEnv map[string][]string
	// Progress is told of each step. May be nil.
	Progress func(string)

	gateways map[string]string // where each gateway is, host:port, by its part's name
}

func (c *Config) say(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

func (c *Config) path(elements ...string) string {
	return filepath.Join(append([]string{c.Dir}, elements...)...)
}

// settle checks the configuration, that every port is free, and replaces ports of 0.
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
	ports := []struct {
		what, variable string
		port           *int
	}{
		{"the gateway", "SOUK_GATEWAY_ADDR", &gateway},
		{"PostgreSQL", "SOUK_POSTGRES_PORT", &c.PostgresPort},
		{"the MongoDB-protocol server", "SOUK_MONGO_PORT", &c.MongoPort},
		{"Consul", "SOUK_CONSUL_PORT", &c.ConsulPort},
		{"Consul's gRPC API", "SOUK_CONSUL_GRPC_PORT", &c.ConsulGRPCPort},
	}
	for _, p := range ports {
		if *p.port == 0 {
			if *p.port, err = devserver.FreePort(); err != nil {
				return err
			}
			continue // not looked at again: another program that looks for one may try it just now
		}
		if err := devserver.CheckPort(*p.port); err != nil {
			return fmt.Errorf("%s cannot start: %w; set %s to another", p.what, err, p.variable)
		}
	}
	c.GatewayAddr = net.JoinHostPort(host, strconv.Itoa(gateway))
	return c.settleGateways(host)
}

// settleGateways gives the first gateway its address, and each further one a free port, which it keeps when it is restarted.
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
