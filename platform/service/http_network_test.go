package service

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestAClientIsAnAddressOrASlash64(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.7":               "192.0.2.7/32",
		"::ffff:192.0.2.7":        "192.0.2.7/32",
		"2001:db8:1:2:aaaa:b:c:d": "2001:db8:1:2::/64",
		"2001:db8:1:2::1":         "2001:db8:1:2::/64",
		"2001:db8:1:3::1":         "2001:db8:1:3::/64",
		"fe80::1%eth0":            "fe80::/64",
	} {
		if got := ClientNetwork(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is counted as %s, want %s", addr, got, want)
		}
	}
	if got := ClientNetwork(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address is counted as %s", got)
	}
}

func TestAClientOfIPv6IsInThreeNetworks(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string][]string{
		"192.0.2.7":                {"192.0.2.7/32"},
		"::ffff:192.0.2.7":         {"192.0.2.7/32"},
		"2001:db8:1:23aa:a:b:c:d":  {"2001:db8:1:23aa::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48"},
		"2001:db8:1:23ab::1%wlan0": {"2001:db8:1:23ab::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48"},
	} {
		var got []string
		for _, network := range ClientNetworks(netip.MustParseAddr(addr)) {
			got = append(got, network.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is in %v, want %v", addr, got, want)
		}
	}
}

func TestASiteHasTwiceTheConnectionsOfAClient(t *testing.T) {
	t.Parallel()
	l := newNetworkListener(nil, 4, nil)
	count := func(format string) (open int) {
		for i := range 100 {
			if l.enter(ClientNetworks(netip.MustParseAddr(fmt.Sprintf(format, i)))) {
				open++
			}
		}
		return open
	}
	for _, test := range []struct {
		from string
		want int
	}{
		{"2001:db8:1:1::%x", 4}, {"2001:db8:1:%x::1", 2}, {"2001:db8:1:%x00::1", 2}, {"2001:db8:2:2::%x", 4}, {"192.0.2.%d", 100},
	} {
		if got := count(test.from); got != test.want {
			t.Errorf("%d connections from %s are taken, want %d", got, test.from, test.want)
		}
	}
	for _, n := range l.open {
		if n < 1 || n > 8 {
			t.Errorf("a network has %d connections", n)
		}
	}
	site := ClientNetworks(netip.MustParseAddr("2001:db8:1:1::1"))
	l.leave(site)
	if !l.enter(site) {
		t.Error("a connection that was closed makes no room")
	}
}

// accepting starts a listener and returns its accepted connections.
func accepting(t *testing.T, limit int, exempt ...netip.Prefix) (addr string, accepted chan net.Conn) {
	t.Helper()
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	listener := newNetworkListener(inner, limit, exempt)
	accepted = make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	return inner.Addr().String(), accepted
}

// dialIn connects, and reports whether the connection was accepted rather than closed.
func dialIn(t *testing.T, addr, from string, accepted chan net.Conn) (net.Conn, bool) {
	t.Helper()
	conn, err := dialerFrom(from).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	closed := make(chan struct{})
	go func() {
		// No side writes anything, so a read ends only when the connection is closed or at the deadline.
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) || !isTimeout(err) {
			close(closed)
		}
	}()
	select {
	case server := <-accepted:
		t.Cleanup(func() { _ = server.Close() })
		return server, true
	case <-closed:
		return nil, false
	case <-time.After(10 * time.Second):
		t.Fatal("neither accepted nor closed")
		return nil, false
	}
}

func TestConnectionsFromOneNetworkAreLimited(t *testing.T) {
	t.Parallel()
	addr, accepted := accepting(t, 3)
	var first net.Conn
	for i := range 3 {
		conn, ok := dialIn(t, addr, "127.0.0.1", accepted)
		if !ok {
			t.Fatalf("connection %d is closed", i)
		}
		first = conn
	}
	if _, ok := dialIn(t, addr, "127.0.0.1", accepted); ok {
		t.Error("a fourth connection is accepted")
	}
	if _, ok := dialIn(t, addr, "127.0.0.2", accepted); !ok {
		t.Error("a connection from elsewhere is closed")
	}
	_, _ = first.Close(), first.Close() // the second Close changes nothing
	if _, ok := dialIn(t, addr, "127.0.0.1", accepted); !ok {
		t.Error("no connection is accepted after one was closed")
	}
	if _, ok := dialIn(t, addr, "127.0.0.1", accepted); ok {
		t.Error("one closed connection made room for two")
	}
}

func TestConnectionsFromAProxyAreNotLimited(t *testing.T) {
	t.Parallel()
	addr, accepted := accepting(t, 1, netip.MustParsePrefix("127.0.0.2/32"))
	for range 5 {
		if _, ok := dialIn(t, addr, "127.0.0.2", accepted); !ok {
			t.Error("a proxy's connection is closed")
		}
	}
}
