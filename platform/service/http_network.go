package service

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// ClientNetwork returns the network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, because a
// subscriber usually has a whole /64 (https://www.rfc-editor.org/rfc/rfc6177).
func ClientNetwork(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits) // fails only for the zero address, and then returns the zero network
	return network
}

// ClientNetworks returns the networks that may belong to a single client, the smallest first. For IPv4 that is the address
// alone; for IPv6 the /64, /56 and /48, because a site may have any of these sizes (https://www.rfc-editor.org/rfc/rfc6177).
func ClientNetworks(addr netip.Addr) []netip.Prefix {
	networks := []netip.Prefix{ClientNetwork(addr)}
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		for _, bits := range []int{56, 48} {
			network, _ := addr.Prefix(bits) // fails only if there are too few bits
			networks = append(networks, network)
		}
	}
	return networks
}

// networkListener closes a new connection at once if its network has too many open. The limit of the smallest network is limit,
// and each larger network may have half of limit more.
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
		networks := ClientNetworks(addr)
		if l.enter(networks) {
			return &networkConn{Conn: conn, left: sync.OnceFunc(func() { l.leave(networks) })}, nil
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

func (l *networkListener) enter(networks []netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, network := range networks {
		if l.open[network] >= l.limit+i*l.limit/2 {
			return false
		}
	}
	for _, network := range networks {
		l.open[network]++
	}
	return true
}

func (l *networkListener) leave(networks []netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, network := range networks {
		if l.open[network]--; l.open[network] == 0 {
			delete(l.open, network)
		}
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
