package faultproxy

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// TCP is a proxy of a server that speaks anything over TCP, such as a database. It can be made slow, break connections and be closed.
type TCP struct{ proxy *toxiproxy.Proxy }

// NewTCP returns a proxy of a server at host:port, which may be started afterwards.
func NewTCP(upstream string) (*TCP, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, upstream, net.JoinHostPort(serviceHost, "0"), upstream)
	if err := proxy.Start(); err != nil {
		return nil, fmt.Errorf("proxy of %s: %w", upstream, err)
	}
	return &TCP{proxy}, nil
}

// Addr is where the proxy listens, host:port.
func (t *TCP) Addr() string { return t.proxy.Listen }

// Slow keeps what the server says for longer than anybody waits.
func (t *TCP) Slow() error {
	return t.add(`{"name": "slow", "type": "latency", "stream": "downstream", "attributes": {"latency": 120000}}`)
}

// Delay keeps all that the server says for so long.
func (t *TCP) Delay(by time.Duration) error {
	return t.add(fmt.Sprintf(`{"name": "delay", "type": "latency", "stream": "downstream", "attributes": {"latency": %d}}`, by.Milliseconds()))
}

// Cut ends each connection in the midst of what the server says next.
func (t *TCP) Cut() error {
	return t.add(`{"name": "cut", "type": "limit_data", "stream": "downstream", "attributes": {"bytes": 3}}`)
}

func (t *TCP) add(toxic string) error {
	if _, err := t.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		return fmt.Errorf("proxy of %s: %w", t.proxy.Upstream, err)
	}
	return nil
}

// Close ends all connections and refuses new ones.
func (t *TCP) Close() { t.proxy.Stop() }

// Reset undoes everything. What a slow proxy kept is passed on.
func (t *TCP) Reset(ctx context.Context) error {
	t.proxy.Toxics.ResetToxics(ctx)
	if t.proxy.Enabled {
		return nil
	}
	if err := t.proxy.Start(); err != nil {
		return fmt.Errorf("proxy of %s: %w", t.proxy.Upstream, err)
	}
	return nil
}
