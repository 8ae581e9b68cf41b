package consul_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/consul/api"

	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
)

// certify returns an identity of service that Certify maintains until the test ends.
func certify(t *testing.T, agent *devserver.Consul, token secret.Text, service string) *certificate.Identity {
	t.Helper()
	identity, _ := certifyKept(t, agent, token, service, "")
	return identity
}

// certifyKept is like certify, but also stores the certificate in kept. The returned function ends it early.
func certifyKept(t *testing.T, agent *devserver.Consul, token secret.Text, service string, kept consul.KeepDir) (identity *certificate.Identity, stop func()) {
	t.Helper()
	return certifyAs(t, consul.Config{Addr: agent.Addr(), GRPCAddr: agent.GRPCAddr(), Datacenter: "dc1", Token: token}, service, kept)
}

func certifyAs(t *testing.T, cfg consul.Config, service string, kept consul.KeepDir) (identity *certificate.Identity, stop func()) {
	t.Helper()
	identity = certificate.New()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := consul.Certify(ctx, cfg, service, identity, kept, quiet); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return identity, stop
}

func ready(t *testing.T, identity *certificate.Identity) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := identity.Await(ctx); err != nil {
		t.Fatal(err)
	}
}

// meet connects a client to a server. It returns the caller's name as the server sees it, and the name of the client's root.
func meet(t *testing.T, server, client *certificate.Identity, peer string) (caller, root string, err error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server.Server())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var accepted sync.WaitGroup
	accepted.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if tlsConn := conn.(*tls.Conn); tlsConn.HandshakeContext(t.Context()) == nil {
			state := tlsConn.ConnectionState()
			caller, root = certificate.Service(state), state.PeerCertificates[0].Issuer.CommonName
			_, _ = conn.Write([]byte("x"))
		}
	})
	conn, err := (&tls.Dialer{Config: client.Client(peer)}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	_ = listener.Close()
	accepted.Wait()
	return caller, root, err
}

func replaceRoot(t *testing.T, client *api.Client) {
	t.Helper()
	next, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	replaceRootWith(t, client, next)
}

func replaceRootWith(t *testing.T, client *api.Client, next *certtest.Authority) {
	t.Helper()
	_, err := client.Connect().CASetConfig(&api.CAConfig{
		Provider: "consul", Config: map[string]any{"RootCert": string(next.RootPEM), "PrivateKey": string(next.KeyPEM)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestServicesHaveCertificatesAndFollowTheRootsRotation(t *testing.T) {
	t.Parallel()
	own, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Stop(context.Background()) })
	client := newClient(t, own.Addr())
	inventory, orders := certify(t, own, "", "inventory"), certify(t, own, "", "orders")
	ready(t, inventory)
	ready(t, orders)
	caller, before, err := meet(t, inventory, orders, "inventory")
	if err != nil || caller != "orders" {
		t.Fatalf("caller %q: %v", caller, err)
	}
	replaceRoot(t, client)
	eventually(t, 90*time.Second, "the certificates are of the next root", func() bool {
		caller, root, err := meet(t, inventory, orders, "inventory")
		if err != nil || caller != "orders" {
			t.Errorf("while the root rotates: caller %q: %v", caller, err)
		}
		return root != before || err != nil
	})
}

func TestATokenWorksOnlyForItsService(t *testing.T) {
	t.Parallel()
	management := secret.Text(uuid.NewString())
	strict, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: t.TempDir(), ManagementToken: management})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = strict.Stop(context.Background()) })
	with := func(token secret.Text) *api.Client {
		client, err := consul.NewClient(strict.Addr(), token)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	ordersToken := secret.Text(uuid.NewString())
	for range 2 { // repeating it changes nothing
		if err := consul.GrantReading(t.Context(), with(management)); err != nil {
			t.Fatal(err)
		}
		if err := consul.GrantIdentity(t.Context(), with(management), "orders", ordersToken); err != nil {
			t.Fatal(err)
		}
	}
	ready(t, certify(t, strict, ordersToken, "orders"))
	forbidden := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("%s: %v, want a 403", what, err)
		}
	}
	for what, thief := range map[string]*certificate.Identity{
		"another's certificate": certify(t, strict, ordersToken, "payments"), "a certificate without a token": certify(t, strict, "", "orders"),
	} {
		// One second is long enough: with the right token, orders got its certificate with its first request.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := thief.Await(ctx); err == nil {
			t.Errorf("%s is handed out", what)
		}
	}
	_, _, err = with("").Agent().ConnectCALeaf("orders", nil)
	forbidden("a certificate with its key without a token", err)
	forbidden("another's registration", with(ordersToken).Agent().ServiceRegister(&api.AgentServiceRegistration{Name: "payments"}))
	forbidden("a registration without a token", with("").Agent().ServiceRegister(&api.AgentServiceRegistration{Name: "orders"}))
	_, _, err = with(ordersToken).ACL().TokenCreate(&api.ACLToken{}, nil)
	forbidden("a token of one's own", err)
	if err := with(ordersToken).Agent().ServiceRegister(&api.AgentServiceRegistration{Name: "orders", Address: "127.0.0.1", Port: 1}); err != nil {
		t.Errorf("registering its own service: %v", err)
	}
	// Callers without a token may still look up where services are.
	eventually(t, 15*time.Second, "orders is seen", func() bool { return len(instances(t, with(""), "orders", false)) == 1 })
}

func TestAProcessStartsWithItsStoredCertificateWhileTheAgentIsDown(t *testing.T) {
	t.Parallel()
	agent := newOwnAgent(t)
	kept := map[string]consul.KeepDir{"inventory": consul.KeepDir(t.TempDir()), "orders": consul.KeepDir(t.TempDir())}
	for name, dir := range kept {
		identity, stop := certifyKept(t, agent.Consul, "", name, dir)
		ready(t, identity)
		eventually(t, 5*time.Second, "the certificate is kept", func() bool { content, err := dir.Read("certificate.json"); return err == nil && content != nil })
		stop()
	}
	agent.stop(t)
	inventory, _ := certifyKept(t, agent.Consul, "", "inventory", kept["inventory"])
	orders, _ := certifyKept(t, agent.Consul, "", "orders", kept["orders"])
	ready(t, inventory)
	ready(t, orders)
	caller, before, err := meet(t, inventory, orders, "inventory")
	if err != nil || caller != "orders" {
		t.Fatalf("caller %q: %v", caller, err)
	}
	thief, _ := certifyKept(t, agent.Consul, "", "payments", kept["orders"])
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if thief.Await(ctx) == nil {
		t.Error("a kept certificate of another service is used")
	}

	// The agent comes back with another root, which no process knows yet.
	agent.startEmpty(t)
	connections := 0
	eventually(t, 60*time.Second, "both have certificates of the next root", func() bool {
		_, ofOrders, err := meet(t, inventory, orders, "inventory")
		_, ofInventory, otherErr := meet(t, orders, inventory, "orders")
		if err := errors.Join(err, otherErr); err != nil {
			t.Errorf("while certificates are replaced: %v", err)
		}
		connections += 2
		return ofOrders != before && ofInventory != before
	})
	t.Logf("measured: %d connections while two services changed to an unrelated root", connections)
}
