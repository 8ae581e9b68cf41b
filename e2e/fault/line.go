package fault

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Line is a way to a server that speaks anything over TCP, such as a database. It can be made slow, be cut and be closed.
type Line struct{ proxy *toxiproxy.Proxy }

// NewLine returns a line to a server at host:port, which may be started afterwards.
func NewLine(upstream string) (*Line, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, upstream, net.JoinHostPort(serviceHost, "0"), upstream)
	if err := proxy.Start(); err != nil {
		return nil, fmt.Errorf("line to %s: %w", upstream, err)
	}
	return &Line{proxy}, nil
}

// Addr is where the line begins, host:port.
func (l *Line) Addr() string { return l.proxy.Listen }

// Slow keeps what the server says for longer than anybody waits.
func (l *Line) Slow() error {
	return l.add(`{"name": "slow", "type": "latency", "stream": "downstream", "attributes": {"latency": 120000}}`)
}

// Delay keeps all that the server says for so long.
func (l *Line) Delay(by time.Duration) error {
	return l.add(fmt.Sprintf(`{"name": "delay", "type": "latency", "stream": "downstream", "attributes": {"latency": %d}}`, by.Milliseconds()))
}

// Cut ends each connection in the midst of what the server says next.
func (l *Line) Cut() error {
	return l.add(`{"name": "cut", "type": "limit_data", "stream": "downstream", "attributes": {"bytes": 3}}`)
}

func (l *Line) add(toxic string) error {
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		return fmt.Errorf("line to %s: %w", l.proxy.Upstream, err)
	}
	return nil
}

// Close ends all connections and refuses new ones.
func (l *Line) Close() { l.proxy.Stop() }

// Mend undoes everything. What a slow line kept is passed on.
func (l *Line) Mend(ctx context.Context) error {
	l.proxy.Toxics.ResetToxics(ctx)
	if l.proxy.Enabled {
		return nil
	}
	if err := l.proxy.Start(); err != nil {
		return fmt.Errorf("line to %s: %w", l.proxy.Upstream, err)
	}
	return nil
}
