package service_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/consul"
	"souk/platform/field"
	"souk/platform/rpc"
	"souk/platform/service"
	"souk/testkit/devserver"
	"souk/testkit/goleak"
)

var agent *devserver.Consul

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "service tests:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "souk-service-")
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
	return code, goleak.Find() // connections to the agent end when it stops
}

// keys is a small gRPC service for the tests to call.
type keys struct {
	accessv1.UnimplementedKeysServiceServer
	list func(context.Context) error
}

func (k keys) ListKeys(ctx context.Context, _ *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	return &accessv1.ListKeysResponse{}, k.list(ctx)
}

func newService(t *testing.T, name string) *service.Service {
	t.Helper()
	cfg := service.Config{Consul: agentConfig(), Drain: time.Second, LogLevel: 12}
	s, err := service.New(name, cfg, service.Listen{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a service until the test ends or the returned function is called.
func start(t *testing.T, s *service.Service) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return stop
}

// agentConfig returns the address of the tests' Consul agent.
func agentConfig() consul.Config {
	return consul.Config{Addr: agent.Addr(), GRPCAddr: agent.GRPCAddr(), Datacenter: "dc1"}
}

// consulClient is shared by all tests, because the agent limits the number of connections from one address.
var consulClient = sync.OnceValue(func() *api.Client {
	client, err := consul.NewClient(agent.Addr(), "")
	if err != nil {
		panic(err)
	}
	return client
})

// instances returns the number of a service's instances that pass their health check, and of all its instances.
func instances(t *testing.T, name string) (passing, all int) {
	t.Helper()
	client := consulClient()
	good, _, err := client.Health().Service(name, "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	every, _, err := client.Health().Service(name, "", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(good), len(every)
}

func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

func TestAServiceIsRegisteredUntilItStops(t *testing.T) {
	t.Parallel()
	const name = "stayer"
	stop := start(t, newService(t, name))
	up := func() bool { passing, _ := instances(t, name); return passing == 1 }
	eventually(t, 15*time.Second, "the service passes", up)
	entries, _, err := consulClient().Health().Service(name, "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := consulClient().Agent().ServiceDeregister(entries[0].Service.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, 15*time.Second, "a lost registration comes back", up)
	stop()
	if _, all := instances(t, name); all != 0 {
		t.Errorf("%d instances are left after the end", all)
	}
}

func TestHealthFollowsTheRequiredChecks(t *testing.T) {
	t.Parallel()
	const name = "needy"
	var away atomic.Bool
	s := newService(t, name)
	s.Require("database", func(context.Context) error {
		if away.Load() {
			return errors.New("away")
		}
		return nil
	})
	start(t, s)
	eventually(t, 15*time.Second, "the service passes", func() bool { passing, _ := instances(t, name); return passing == 1 })
	away.Store(true)
	eventually(t, 15*time.Second, "the service no longer passes", func() bool { passing, all := instances(t, name); return passing == 0 && all == 1 })
	away.Store(false)
	eventually(t, 15*time.Second, "the service passes again", func() bool { passing, _ := instances(t, name); return passing == 1 })
}

// fromGateway connects to a service by its name, as a running gateway does.
func fromGateway(t *testing.T, name string) *grpc.ClientConn {
	t.Helper()
	gateway := newService(t, "gateway")
	conn, err := gateway.Dial(name)
	if err != nil {
		t.Fatal(err)
	}
	start(t, gateway)
	return conn
}

// callee starts a service whose RPC runs list, and returns a connection to it.
func callee(t *testing.T, name string, list func(context.Context) error) accessv1.KeysServiceClient {
	t.Helper()
	server := newService(t, name)
	accessv1.RegisterKeysServiceServer(server.Server(), keys{list: list})
	start(t, server)
	client := accessv1.NewKeysServiceClient(fromGateway(t, name))
	eventually(t, 15*time.Second, name+" is found", func() bool {
		_, err := client.ListKeys(t.Context(), &accessv1.ListKeysRequest{}, grpc.WaitForReady(true))
		return status.Code(err) != codes.Unavailable
	})
	return client
}

func TestOnlyIntendedErrorDetailsCrossTheWire(t *testing.T) {
	t.Parallel()
	var next atomic.Value
	next.Store(func() error { return nil })
	client := callee(t, "erring", func(context.Context) error { return next.Load().(func() error)() })
	call := func(list func() error) error {
		next.Store(list)
		_, err := client.ListKeys(t.Context(), &accessv1.ListKeysRequest{})
		return err
	}
	err := call(func() error { return field.Invalid("name", "is required") })
	if v := rpc.Violations(err); status.Code(err) != codes.InvalidArgument || len(v) != 1 || v[0].Field != "name" || rpc.Reason(err) != "VALIDATION_FAILED" {
		t.Errorf("a field error: %v, violations %v", err, v)
	}
	err = call(func() error {
		return rpc.Error(codes.NotFound, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "no such thing")
	})
	if status.Code(err) != codes.NotFound || rpc.Reason(err) != "BAD_CURSOR" {
		t.Errorf("a reasoned error: %v, reason %q", err, rpc.Reason(err))
	}
	for what, list := range map[string]func() error{
		"an unexpected error": func() error { return errors.New("password=secret") },
		"a panic":             func() error { panic("password=secret") },
	} {
		if err := call(list); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want INTERNAL without its text", what, err)
		}
	}
}

func TestCallsCarryADeadlineAndTheRequestID(t *testing.T) {
	t.Parallel()
	var deadline, id atomic.Value
	client := callee(t, "carried", func(ctx context.Context) error {
		if at, ok := ctx.Deadline(); ok {
			deadline.Store(at)
		}
		id.Store(rpc.RequestID(ctx))
		return nil
	})
	if _, err := client.ListKeys(rpc.WithRequestID(t.Context(), "request-7"), &accessv1.ListKeysRequest{}); err != nil {
		t.Fatal(err)
	}
	if at, ok := deadline.Load().(time.Time); !ok || time.Until(at) > 10*time.Second {
		t.Errorf("deadline = %v, want one within 10 s", deadline.Load())
	}
	if id.Load() != "request-7" {
		t.Errorf("request id = %v, want request-7", id.Load())
	}
}

func TestReplacedInstancesAreFound(t *testing.T) {
	t.Parallel()
	const name = "moving"
	first := newService(t, name)
	accessv1.RegisterKeysServiceServer(first.Server(), keys{list: func(context.Context) error { return nil }})
	stop := start(t, first)
	conn := fromGateway(t, name)
	works := func() bool {
		_, err := accessv1.NewKeysServiceClient(conn).ListKeys(t.Context(), &accessv1.ListKeysRequest{})
		return err == nil
	}
	eventually(t, 15*time.Second, "the first instance is found", works)
	stop()
	second := newService(t, name)
	accessv1.RegisterKeysServiceServer(second.Server(), keys{list: func(context.Context) error { return nil }})
	start(t, second)
	eventually(t, 20*time.Second, "the second instance is found", works)
}
