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
	"souk/platform/keep"
)

// Config is what every process of the shop can be told.
type Config struct {
	Consul   consul.Config `envPrefix:"CONSUL_"`
	LogLevel slog.Level    `env:"LOG_LEVEL" envDefault:"info"`
	// ConnectionAge is how long a connection is used before it is made anew, by what certificates are then: at most two thirds
	// of Consul.RootGrace, so that no connection of the living depends on a root when that is trusted no more.
	ConnectionAge time.Duration `env:"CONNECTION_AGE" envDefault:"10m"`
	// Drain is how long calls under way may take to end once the process is told to stop.
	Drain time.Duration `env:"DRAIN" envDefault:"10s"`
	// KeepDir is the folder of what this process last knew of its peers and of its own certificate, so that it can start while
	// Consul is away. Empty, nothing is kept.
	KeepDir keep.Dir `env:"KEEP_DIR"`
}

// LeastRootGrace is the least Consul.RootGrace: processes whose authority lost its data take up to 15 s to be certified anew.
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

// connectionAge is how old a connection gets. gRPC adds up to a tenth.
func (c *Config) connectionAge() time.Duration {
	most := cmp.Or(c.Consul.RootGrace, consul.DefaultRootGrace) * 2 / 3
	return min(cmp.Or(c.ConnectionAge, most), most)
}

// Listen is where a process serves. Each has its own prefix: SOUK_CATALOG_ADDR.
type Listen struct {
	// Addr is host:port; port 0 takes a free one, which Consul makes known.
	Addr string `env:"ADDR" envDefault:"127.0.0.1:0"`
	// Advertise is the host that peers reach this process at. Unless set it is the host of Addr or, when
	// that is every interface, this machine's own address.
	Advertise string `env:"ADVERTISE"`
	// Concurrency is how many calls are worked on at once, 0 for any number. It is for several gateways: each admits less.
	Concurrency uint16 `env:"CONCURRENCY" envDefault:"256"`
	// AdminAddr is where the process serves its admin port; empty, it has none.
	AdminAddr string `env:"ADMIN_ADDR" envDefault:"127.0.0.1:0"`
}

// advertised returns the host that peers reach a listener at. A machine on several networks has an address on each: peers are
// where Consul is.
func (l Listen) advertised(ctx context.Context, bound *net.TCPAddr, consulAddr string) (string, error) {
	if l.Advertise != "" {
		return l.Advertise, nil
	}
	if !bound.IP.IsUnspecified() {
		return bound.IP.String(), nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", consulAddr) // which sends nothing
	if err != nil {
		return "", fmt.Errorf("advertised address: no way to Consul; set ADVERTISE: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if local := conn.LocalAddr().(*net.UDPAddr).IP; !local.IsLoopback() {
		return local.String(), nil
	}
	return ofHost(ctx)
}

// ofHost returns the address that this machine's name stands for: its agent of Consul is on the machine itself.
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
