package service

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// ClientNetwork returns what is counted as one client: an IPv4 address, or the /64 of an IPv6 address, which one
// subscriber has all of (https://www.rfc-editor.org/rfc/rfc6177).
func ClientNetwork(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits) // fails for the zero address alone, whose network is the zero one
	return network
}

// networkListener closes at once a connection from a network that has too many open.
type networkListener struct {
	net.Listener
	limit  int
	exempt []netip.Prefix

	mu   sync.Mutex
	open map[netip.Prefix]int
}

func newNetworkListener(listener net.Listener, limit int, exempt []netip.Prefix) *networkListener {
	return &networkListener{Listener: listener, limit: limit, exempt: exempt, open: map[netip.Prefix]int{}}
}

// Accept implements net.Listener.
func (l *networkListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := addressOf(conn)
		if slices.ContainsFunc(l.exempt, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			return conn, nil
		}
		network := ClientNetwork(addr)
		if l.enter(network) {
			return &networkConn{Conn: conn, left: sync.OnceFunc(func() { l.leave(network) })}, nil
		}
		_ = conn.Close()
	}
}

func addressOf(conn net.Conn) netip.Addr {
	addr, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return addr.AddrPort().Addr().Unmap()
}

func (l *networkListener) enter(network netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network] == l.limit {
		return false
	}
	l.open[network]++
	return true
}

func (l *networkListener) leave(network netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network]--; l.open[network] == 0 {
		delete(l.open, network)
	}
}

// networkConn tells the listener when it is closed.
type networkConn struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (c *networkConn) Close() error {
	defer c.left()
	return c.Conn.Close()
}
