package service

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"
)

// Config is what every process of the shop can be told.
type Config struct {
	ConsulAddr string     `env:"CONSUL_ADDR" envDefault:"127.0.0.1:8500"`
	LogLevel   slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	// Drain is how long calls under way may take to end once the process is told to stop.
	Drain time.Duration `env:"DRAIN" envDefault:"10s"`
}

// Listen is where a process serves. Each has its own prefix: SOUK_CATALOG_ADDR.
type Listen struct {
	// Addr is host:port; port 0 takes a free one, which Consul makes known.
	Addr string `env:"ADDR" envDefault:"127.0.0.1:0"`
	// Advertise is the host that peers reach this process at. Unless set it is the host of Addr or, when
	// that is every interface, this machine's own address.
	Advertise string `env:"ADVERTISE"`
}

// advertised returns the host that peers reach a listener at.
func (l Listen) advertised(ctx context.Context, bound *net.TCPAddr) (string, error) {
	if l.Advertise != "" {
		return l.Advertise, nil
	}
	if !bound.IP.IsUnspecified() {
		return bound.IP.String(), nil
	}
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
