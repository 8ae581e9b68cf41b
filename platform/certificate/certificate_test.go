package certificate_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"souk/platform/certificate"
	"souk/testkit/certtest"
)

func newAuthority(t *testing.T) *certtest.Authority {
	t.Helper()
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func identityOf(t *testing.T, authority *certtest.Authority, service string) *certificate.Identity {
	t.Helper()
	identity, err := authority.Identity(service)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// shake makes a TLS handshake between a client and a server. It returns the caller's name as the server sees it, and both
// errors.
func shake(t *testing.T, server, client *tls.Config) (caller string, serverErr, clientErr error) {
	t.Helper()
	serverEnd, clientEnd := net.Pipe()
	t.Cleanup(func() { _, _ = serverEnd.Close(), clientEnd.Close() })
	deadline := time.Now().Add(10 * time.Second)
	_, _ = serverEnd.SetDeadline(deadline), clientEnd.SetDeadline(deadline)
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn := tls.Server(serverEnd, server)
		if serverErr = conn.HandshakeContext(t.Context()); serverErr == nil {
			caller = certificate.Service(conn.ConnectionState())
			_, serverErr = conn.Write([]byte("x"))
		}
		_ = serverEnd.Close()
	}()
	conn := tls.Client(clientEnd, client)
	// In TLS 1.3 the client learns that it was refused only when it first reads.
	if clientErr = conn.HandshakeContext(t.Context()); clientErr == nil {
		_, clientErr = conn.Read(make([]byte, 1))
	}
	_ = clientEnd.Close()
	<-done
	return caller, serverErr, clientErr
}

func TestServicesOfOneAuthorityKnowEachOther(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	orders, inventory := identityOf(t, authority, "orders"), identityOf(t, authority, "inventory")
	caller, serverErr, clientErr := shake(t, inventory.Server(), orders.Client("inventory"))
	if caller != "orders" || serverErr != nil || clientErr != nil {
		t.Errorf("caller %q, server error %v, client error %v", caller, serverErr, clientErr)
	}
}

func TestInvalidCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	authority, foreign := newAuthority(t), newAuthority(t)
	inventory, orders := identityOf(t, authority, "inventory"), identityOf(t, authority, "orders")
	over := certificate.New()
	certPEM, keyPEM, err := authority.Issue("orders", time.Now().Add(-time.Minute))
	if err := errors.Join(err, over.SetLeaf(certPEM, keyPEM), over.SetRoots(authority.Root())); err != nil {
		t.Fatal(err)
	}
	// The stranger trusts our authority, but its own certificate comes from another one.
	stranger := identityOf(t, foreign, "orders")
	if err := stranger.SetRoots(authority.Root()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		server, client *tls.Config
		want           string
	}{
		"a foreign client":    {inventory.Server(), stranger.Client("inventory"), "unknown authority"},
		"an expired client":   {inventory.Server(), over.Client("inventory"), "expired"},
		"a foreign server":    {stranger.Server(), orders.Client("orders"), "unknown authority"},
		"an expired server":   {over.Server(), inventory.Client("orders"), "expired"},
		"another service":     {identityOf(t, authority, "catalog").Server(), orders.Client("inventory"), `the server is "catalog", not "inventory"`},
		"TLS 1.2":             {inventory.Server(), &tls.Config{MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true}, "version"},
		"a server not ready":  {certificate.New().Server(), orders.Client("inventory"), "no certificate yet"},
		"a client not ready":  {inventory.Server(), certificate.New().Client("inventory"), "no certificate yet"},
		"a client of no path": {inventory.Server(), identityOf(t, authority, "x/svc/orders").Client("inventory"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, serverErr, clientErr := shake(t, test.server, test.client)
			err := errors.Join(serverErr, clientErr)
			if caller != "" || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("caller %q, error %v; want an error that contains %q", caller, err, test.want)
			}
		})
	}
}

func TestACallerWithoutACertificateHasNoName(t *testing.T) {
	t.Parallel()
	inventory := identityOf(t, newAuthority(t), "inventory")
	caller, serverErr, clientErr := shake(t, inventory.Server(), &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true})
	if caller != "" || serverErr != nil || clientErr != nil {
		t.Errorf("caller %q, server error %v, client error %v", caller, serverErr, clientErr)
	}
}

func TestNewConnectionsUseTheRotatedCertificate(t *testing.T) {
	t.Parallel()
	before, after := newAuthority(t), newAuthority(t)
	inventory, orders := identityOf(t, before, "inventory"), identityOf(t, before, "orders")
	server, client := inventory.Server(), orders.Client("inventory")
	if err := errors.Join(orders.SetRoots(before.Root(), after.Root()), reissue(orders, after, "orders")); err != nil {
		t.Fatal(err)
	}
	if caller, serverErr, _ := shake(t, server, client); caller != "" || serverErr == nil {
		t.Errorf("with only the old root trusted: caller %q", caller)
	}
	if err := inventory.SetRoots(before.Root(), after.Root()); err != nil {
		t.Fatal(err)
	}
	if caller, serverErr, clientErr := shake(t, server, client); caller != "orders" || serverErr != nil || clientErr != nil {
		t.Errorf("with both roots trusted: caller %q, server error %v, client error %v", caller, serverErr, clientErr)
	}
}

// reissue gives identity a new certificate issued by authority.
func reissue(identity *certificate.Identity, authority *certtest.Authority, service string) error {
	certPEM, keyPEM, err := authority.Issue(service, time.Now().Add(time.Hour))
	return errors.Join(err, identity.SetLeaf(certPEM, keyPEM))
}

func TestAnIdentityIsReadyOnceItHasACertificateAndRoots(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	identity := certificate.New()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	certPEM, keyPEM, err := authority.Issue("orders", time.Now().Add(time.Hour))
	if err := errors.Join(err, identity.SetLeaf(certPEM, keyPEM)); err != nil {
		t.Fatal(err)
	}
	if err := identity.Await(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("without roots: %v", err)
	}
	if err := identity.SetRoots(certificate.Root{PEM: "no certificate"}); err == nil {
		t.Error("SetRoots accepted invalid roots")
	}
	if err := identity.SetLeaf(certPEM, []byte("no key")); err == nil {
		t.Error("SetLeaf accepted an invalid key")
	}
	if err := identity.SetRoots(authority.Root()); err != nil {
		t.Fatal(err)
	}
	if err := identity.Await(t.Context()); err != nil {
		t.Error(err)
	}
}
