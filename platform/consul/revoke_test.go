package consul_test

import (
	"strings"
	"testing"
	"time"

	"souk/platform/certificate"
	"souk/platform/consul"
)

// A thief has a certificate of orders from before the rotation.
func TestAnOldCertificateIsRefusedAfterRootReplacement(t *testing.T) {
	t.Parallel()
	const grace = 5 * time.Second
	agent, dir := newOwnAgent(t), consul.KeepDir(t.TempDir())
	client := newClient(t, agent.Addr())
	cfg := consul.Config{Addr: agent.Addr(), GRPCAddr: agent.GRPCAddr(), Datacenter: "dc1", RootGrace: grace}
	inventory, stopInventory := certifyAs(t, cfg, "inventory", dir)
	orders, _ := certifyAs(t, cfg, "orders", "")
	thief, theft := certifyAs(t, cfg, "orders", "")
	for _, identity := range []*certificate.Identity{inventory, orders, thief} {
		ready(t, identity)
	}
	theft()
	if asClient, asServer := admitted(t, inventory, thief); !asClient || !asServer {
		t.Fatalf("before: accepted as client %v, as server %v", asClient, asServer)
	}
	start := time.Now()
	replaceRoot(t, client)
	eventually(t, grace+5*time.Second, "the thief is refused", func() bool {
		if caller, _, err := meet(t, inventory, orders, "inventory"); err != nil || caller != "orders" {
			t.Errorf("while the root rotates: called by %q: %v", caller, err)
		}
		asClient, asServer := admitted(t, inventory, thief)
		return !asClient && !asServer
	})
	refusedAfter := time.Since(start)
	if refusedAfter > grace+time.Second {
		t.Errorf("refused %v after the root was replaced, want %v", refusedAfter, grace)
	}
	t.Logf("measured: refused %.1f s after the root was replaced, with a grace of %v", refusedAfter.Seconds(), grace)
	if list, _, err := client.Agent().ConnectCARoots(nil); err != nil || len(list.Roots) != 2 {
		t.Errorf("%d roots are listed, so that this test shows nothing: %v", len(list.Roots), err)
	}

	refuses := func(what string, identity *certificate.Identity) {
		t.Helper()
		ready(t, identity)
		if asClient, asServer := admitted(t, identity, thief); asClient || asServer {
			t.Errorf("%s: accepted as client %v, as server %v", what, asClient, asServer)
		}
		if caller, _, err := meet(t, identity, orders, "inventory"); err != nil || caller != "orders" {
			t.Errorf("%s: orders with its new certificate is refused: %v", what, err)
		}
	}
	fresh, _ := certifyAs(t, cfg, "inventory", "")
	refuses("a process that starts later", fresh)
	stopInventory()
	agent.stop(t)
	restarted, _ := certifyAs(t, cfg, "inventory", dir)
	refuses("a process that starts with what it kept", restarted)
}

// admitted reports whether inventory accepts the thief as orders, on either side of a connection.
func admitted(t *testing.T, inventory, thief *certificate.Identity) (asClient, asServer bool) {
	t.Helper()
	caller, _, _ := meet(t, inventory, thief, "inventory")
	_, _, err := meet(t, thief, inventory, "orders")
	if err != nil && !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("refused for another reason: %v", err)
	}
	return caller != "", err == nil
}
