package consul_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
	"google.golang.org/grpc/status"

	"souk/platform/consul"
	"souk/testkit/devserver"
)

// recorder is a resolver.ClientConn that records the updates.
type recorder struct {
	mu        sync.Mutex
	addresses []string
	updates   int
	errs      []error
}

func (c *recorder) UpdateState(state resolver.State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updates++
	c.addresses = nil
	for _, a := range state.Addresses {
		c.addresses = append(c.addresses, a.Addr)
	}
	slices.Sort(c.addresses)
	// Real balancers may return an error; the watcher must ignore it.
	return errors.New("bad resolver state")
}

func (c *recorder) ReportError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

func (c *recorder) NewAddress([]resolver.Address) {}

func (c *recorder) ParseServiceConfig(string) *serviceconfig.ParseResult { return nil }

// has returns a condition: that the latest addresses are those of the instances.
func (c *recorder) has(instances ...*instance) func() bool {
	var want []string
	for _, i := range instances {
		want = append(want, i.address())
	}
	slices.Sort(want)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Equal(c.addresses, want)
	}
}

// lastError returns the latest reported error and the number of errors.
func (c *recorder) lastError() (string, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) == 0 {
		return "", 0
	}
	return c.errs[len(c.errs)-1].Error(), len(c.errs)
}

// resolve starts resolving a service through the agent at addr.
func resolve(t *testing.T, addr, name string) *recorder {
	t.Helper()
	c := &recorder{}
	built, err := consul.NewBuilder(newClient(t, addr), "", quiet).Build(
		resolver.Target{URL: url.URL{Scheme: "consul", Path: "/" + name}}, c, resolver.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		start := time.Now()
		built.Close()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
	built.ResolveNow(resolver.ResolveNowOptions{})
	return c
}

func TestAResolverFollowsTheInstances(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	c := resolve(t, agent.Addr(), "followed")
	eventually(t, 10*time.Second, "it says that there is none", func() bool {
		text, _ := c.lastError()
		return strings.Contains(text, "no instance of followed")
	})
	first, second := serveInstance(t, "followed"), serveInstance(t, "followed")
	stop := register(t, client, first.Instance)
	eventually(t, 15*time.Second, "the first is found", c.has(first))
	register(t, client, second.Instance)
	eventually(t, 15*time.Second, "both are found", c.has(first, second))
	second.health.SetServingStatus("followed", healthv1.HealthCheckResponse_NOT_SERVING)
	eventually(t, 15*time.Second, "the unwell one is left out", c.has(first))
	second.health.SetServingStatus("followed", healthv1.HealthCheckResponse_SERVING)
	eventually(t, 15*time.Second, "both are found again", c.has(first, second))
	stop()
	eventually(t, 15*time.Second, "the one that ended is left out", c.has(second))
}

func TestAnEmptyListAfterAFullOneIsIgnored(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	c, other := resolve(t, agent.Addr(), "vanishing"), resolve(t, agent.Addr(), "vanishing")
	first := serveInstance(t, "vanishing")
	stop := register(t, client, first.Instance)
	eventually(t, 15*time.Second, "it is found", c.has(first))
	eventually(t, 15*time.Second, "it is found", other.has(first))
	_, errs := c.lastError()
	stop()
	// The arrival of another instance shows that the empty list was seen and ignored before.
	second := serveInstance(t, "vanishing")
	if !c.has(first)() {
		t.Error("the last address was removed")
	}
	register(t, client, second.Instance)
	eventually(t, 15*time.Second, "its successor is found", c.has(second))
	if _, now := c.lastError(); now != errs {
		t.Errorf("%d errors were reported", now-errs)
	}
}

func TestAResolverKeepsTheAddressesWhenTheAgentDies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ownAgent, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(ownAgent.Addr(), ":")
	client := newClient(t, ownAgent.Addr())
	c := resolve(t, ownAgent.Addr(), "orphan")
	first := serveInstance(t, "orphan")
	stop := register(t, client, first.Instance)
	eventually(t, 15*time.Second, "it is found", c.has(first))
	_, errs := c.lastError()
	if err := ownAgent.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := resolve(t, ownAgent.Addr(), "orphan")
	eventually(t, 15*time.Second, "a new resolver says that it cannot ask", func() bool {
		text, n := late.lastError()
		return n >= 3 && strings.Contains(text, "resolve orphan")
	})
	if _, now := c.lastError(); !c.has(first)() || now != errs {
		t.Errorf("after the agent's death: the address is kept: %v, %d errors were reported", c.has(first)(), now-errs)
	}
	stop()
	// The agent comes back with its data.
	second := serveInstance(t, "orphan")
	again, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: dir, HTTPPort: atoi(t, port)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Stop(context.Background()) })
	if err := client.Agent().ServiceDeregister(first.ID); err != nil {
		t.Fatal(err)
	}
	register(t, client, second.Instance)
	eventually(t, 20*time.Second, "the next one is found", c.has(second))
	eventually(t, 20*time.Second, "the next one is found by the new resolver", late.has(second))
}

func TestAConnectionResolvesAServiceName(t *testing.T) {
	t.Parallel()
	client := newClient(t, agent.Addr())
	conn, err := grpc.NewClient("consul:///called", grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true})),
		grpc.WithResolvers(consul.NewBuilder(client, "", quiet)), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	check := func() error {
		_, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
		return err
	}
	if err := check(); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "no instance of called") {
		t.Errorf("without an instance: %v", err)
	}
	first, second := serveInstance(t, "called"), serveInstance(t, "called")
	register(t, client, first.Instance)
	eventually(t, 15*time.Second, "it is reached", func() bool { return check() == nil })
	register(t, client, second.Instance)
	eventually(t, 15*time.Second, "the second is found", func() bool { return len(instances(t, client, "called", true)) == 2 })
	first.server.Stop()
	eventually(t, 15*time.Second, "the second is reached", func() bool { return check() == nil })
	for range 20 {
		if err := check(); err != nil {
			t.Errorf("after the first died: %v", err)
		}
	}
}

func TestATargetWithoutANameIsAnError(t *testing.T) {
	t.Parallel()
	builder := consul.NewBuilder(newClient(t, agent.Addr()), "", quiet)
	if _, err := builder.Build(resolver.Target{URL: url.URL{Scheme: "consul", Path: "/"}}, &recorder{}, resolver.BuildOptions{}); err == nil {
		t.Error("no error")
	}
	if builder.Scheme() != "consul" {
		t.Errorf("scheme %q", builder.Scheme())
	}
}
