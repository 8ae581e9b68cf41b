package certificate_test

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/certificate"
	"souk/testkit/certtest"
)

// until returns an authority's root, trusted until over.
func until(authority *certtest.Authority, over time.Time) certificate.Root {
	root := authority.Root()
	root.Until = over
	return root
}

func TestAReplacedRootIsTrustedUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, next := newAuthority(t), newAuthority(t)
		inventory, orders, late := identityOf(t, old, "inventory"), identityOf(t, old, "orders"), identityOf(t, old, "catalog")
		over := time.Now().Add(time.Minute)
		for _, identity := range []*certificate.Identity{inventory, orders, late} {
			if err := identity.SetRoots(next.Root(), until(old, over)); err != nil {
				t.Fatal(err)
			}
		}
		if err := reissue(orders, next, "orders"); err != nil {
			t.Fatal(err)
		}
		meet := func(server, client *certificate.Identity, peer, want string) {
			t.Helper()
			caller, serverErr, clientErr := shake(t, server.Server(), client.Client(peer))
			if caller != want || (serverErr == nil && clientErr == nil) != (want != "") {
				t.Errorf("%s sees caller %q, want %q (server error %v, client error %v)", peer, caller, want, serverErr, clientErr)
			}
		}
		time.Sleep(time.Minute - time.Second)
		meet(inventory, orders, "inventory", "orders")
		meet(orders, inventory, "orders", "inventory")
		meet(inventory, late, "inventory", "catalog")
		time.Sleep(time.Second)
		meet(inventory, late, "inventory", "")
		meet(orders, inventory, "orders", "")
		if err := reissue(inventory, next, "inventory"); err != nil {
			t.Fatal(err)
		}
		meet(inventory, orders, "inventory", "orders")
		meet(orders, inventory, "orders", "inventory")
	})
}

// end is one end of a connection. It records whether its own side has closed it.
type end struct {
	net.Conn
	closed atomic.Bool
}

func (e *end) Close() error {
	e.closed.Store(true)
	return e.Conn.Close()
}

// open returns both ends of a connection; both sides watch it.
func open(t *testing.T, server, client *certificate.Identity, peer string) (serverEnd, clientEnd *end) {
	t.Helper()
	left, right := net.Pipe()
	serverEnd, clientEnd = &end{Conn: left}, &end{Conn: right}
	t.Cleanup(func() { _, _ = left.Close(), right.Close() })
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		conn := tls.Server(serverEnd, server.Server())
		if err := conn.HandshakeContext(t.Context()); err != nil {
			t.Error(err)
		}
		server.Watch(conn, serverEnd, conn.ConnectionState())
		_, _ = conn.Write([]byte("x"))
	}()
	conn := tls.Client(clientEnd, client.Client(peer))
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Error(err)
	}
	client.Watch(conn, clientEnd, conn.ConnectionState())
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	<-accepted
	return serverEnd, clientEnd
}

func TestConnectionsCloseWhenTheirPeerIsNoLongerTrusted(t *testing.T) {
	t.Parallel()
	for name, stolenBy := range map[string]string{"by the server": "client", "by the client": "server"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				old, next := newAuthority(t), newAuthority(t)
				living, thief := identityOf(t, next, "inventory"), identityOf(t, old, "orders")
				over := time.Now().Add(time.Minute)
				if err := errors.Join(living.SetRoots(next.Root(), until(old, over)), thief.SetRoots(next.Root(), old.Root())); err != nil {
					t.Fatal(err)
				}
				var mine, other *end
				if stolenBy == "client" {
					mine, _ = open(t, living, thief, "inventory")
				} else {
					_, mine = open(t, thief, living, "orders")
				}
				other, _ = open(t, living, identityOf(t, next, "gateway"), "inventory")
				time.Sleep(time.Minute - time.Second)
				if mine.closed.Load() {
					t.Error("closed before the trust ended")
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if !mine.closed.Load() {
					t.Error("still open after the trust ended")
				}
				if other.closed.Load() {
					t.Error("a connection with a trusted certificate is closed")
				}
				// Removing a root closes its connections at once.
				if err := living.SetRoots(old.Root()); err != nil {
					t.Fatal(err)
				}
				if !other.closed.Load() {
					t.Error("still open after its root was removed")
				}
			})
		})
	}
}
