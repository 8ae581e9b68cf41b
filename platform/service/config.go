package service

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"souk/platform/consul"
	"souk/platform/telemetry"
)

// Config contains the settings that every process of the shop has.
type Config struct {
	Consul   consul.Config    `envPrefix:"CONSUL_"`
	Traces   telemetry.Config `envPrefix:"TRACES_"`
	LogLevel slog.Level       `env:"LOG_LEVEL" envDefault:"info"`
	// ConnectionAge is the maximum age of a connection. The next connection uses the certificates of that time. It must be at
	// most two thirds of Consul.RootGrace, so that all connections with a replaced certificate are gone before its root is no
	// longer trusted.
	ConnectionAge time.Duration `env:"CONNECTION_AGE" envDefault:"10m"`
	// Drain is how long calls under way may take to end after the process was told to stop.
	Drain time.Duration `env:"DRAIN" envDefault:"10s"`
	// KeepDir is the folder for the last known addresses of peers and the process's own certificate, so that it can start while
	// Consul is down. If empty, nothing is stored.
	KeepDir consul.KeepDir `env:"KEEP_DIR"`
}

// LeastRootGrace is the minimum of Consul.RootGrace, because processes need up to 15 s to get a new certificate after the
// authority has lost its data.
const LeastRootGrace = 20 * time.Second

func (c *Config) validate() error {
	if c.Consul.RootGrace != 0 && c.Consul.RootGrace < LeastRootGrace {
		return fmt.Errorf("SOUK_CONSUL_ROOT_GRACE is %v; it must be %v at least", c.Consul.RootGrace, LeastRootGrace)
	}
	if c.ConnectionAge < 0 {
		return fmt.Errorf("SOUK_CONNECTION_AGE is %v; it must not be negative", c.ConnectionAge)
	}
	return nil
}

// connectionAge returns the maximum age of connections. gRPC adds up to a tenth.
func (c *Config) connectionAge() time.Duration {
	most := cmp.Or(c.Consul.RootGrace, consul.DefaultRootGrace) * 2 / 3
	return min(cmp.Or(c.ConnectionAge, most), most)
}

// Listen contains the addresses of one process. Each service has a prefix of its own, for example SOUK_CATALOG_ADDR.
type Listen struct {
	// Addr is host:port. Port 0 takes a free port, which peers find through Consul.
	Addr string `env:"ADDR" envDefault:"127.0.0.1:0"`
	// Advertise is the host at which peers reach this process. The default is the host in Addr; if that means every interface,
	// it is this machine's own address.
	Advertise string `env:"ADVERTISE"`
	// Concurrency is the maximum number of concurrent calls; 0 means no limit. It allows for several gateways, each of which
	// has a lower limit.
	Concurrency uint16 `env:"CONCURRENCY" envDefault:"256"`
	// AdminAddr is the address of the admin port; if empty, there is none.
	AdminAddr string `env:"ADMIN_ADDR" envDefault:"127.0.0.1:0"`
}

// advertised returns the host at which peers reach a listener. A machine in several networks has several addresses; the right
// one is in the network of Consul, because peers are there too.
func (l Listen) advertised(ctx context.Context, bound *net.TCPAddr, consulAddr string) (string, error) {
	if l.Advertise != "" {
		return l.Advertise, nil
	}
	if !bound.IP.IsUnspecified() {
		return bound.IP.String(), nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", consulAddr) // connecting a UDP socket sends nothing
	if err != nil {
		return "", fmt.Errorf("advertised address: no way to Consul; set ADVERTISE: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if local := conn.LocalAddr().(*net.UDPAddr).IP; !local.IsLoopback() {
		return local.String(), nil
	}
	return ofHost(ctx)
}

// ofHost returns the address of this machine's host name. It is used if Consul's agent runs on the same machine.
func ofHost(ctx context.Context) (string, error) {
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("advertised address: %w", err)
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil || len(addresses) == 0 {
		return "", fmt.Errorf("advertised address: %s has none; set ADVERTISE: %w", name, err)
	}
	return addresses[0], nil
}
