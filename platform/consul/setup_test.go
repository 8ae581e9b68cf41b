package consul_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/platform/consul"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
	"souk/testkit/goleak"
)

// agent is shared by the tests; each test uses service names of its own.
var agent *devserver.Consul

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "consul tests:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "souk-consul-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if agent, err = devserver.StartConsul(context.Background(), devserver.ConsulConfig{Dir: dir}); err != nil {
		return 1, err
	}
	code := m.Run()
	if err := agent.Stop(context.Background()); err != nil {
		return 1, err
	}
	return code, goleak.Find() // the agent's connections must end with it
}

var quiet = slog.New(slog.DiscardHandler)

func newClient(t *testing.T, addr string) *api.Client {
	t.Helper()
	client, err := consul.NewClient(addr, "")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// eventually fails the test unless the condition becomes true in time.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

// instance is a gRPC server that answers health checks.
type instance struct {
	consul.Instance
	health *health.Server
	server *grpc.Server
}

// serveInstance starts an instance on the loopback interface.
func serveInstance(t *testing.T, name string) *instance {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, name, listener)
}

func serveOn(t *testing.T, name string, listener net.Listener) *instance {
	t.Helper()
	bound := listener.Addr().(*net.TCPAddr)
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := authority.Identity(name)
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{
		Instance: consul.Instance{ID: name + "-" + strconv.Itoa(bound.Port), Name: name, Host: bound.IP.String(), Port: bound.Port, Version: "v1", Commit: "c1"},
		health:   health.NewServer(), server: grpc.NewServer(grpc.Creds(credentials.NewTLS(identity.Server()))),
	}
	i.health.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(i.server, i.health)
	var done sync.WaitGroup
	done.Go(func() { _ = i.server.Serve(listener) })
	t.Cleanup(func() { i.server.Stop(); done.Wait() })
	return i
}

// address returns the address on which the instance serves.
func (i *instance) address() string {
	return net.JoinHostPort(i.Host, strconv.Itoa(i.Port))
}

// register keeps the instance registered until the test ends or the returned function is called.
func register(t *testing.T, client *api.Client, i consul.Instance) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { consul.Keep(ctx, client, i, quiet) })
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return stop
}

// instances returns the instances of a service in Consul's catalog: all, or only those that pass.
func instances(t *testing.T, client *api.Client, name string, passing bool) []*api.ServiceEntry {
	t.Helper()
	entries, _, err := client.Health().Service(name, "", passing, nil)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func passes(t *testing.T, client *api.Client, name string) func() bool {
	t.Helper()
	return func() bool { return len(instances(t, client, name, true)) == 1 }
}

// logBuffer is a log that a test can read while it is being written.
type logBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text = append(b.text, p...)
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

func (b *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
