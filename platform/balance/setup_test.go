package balance_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/balance"
)

// How long a call of these tests may take.
const deadline = time.Second

// instance is a gRPC server whose process can be paused and killed, as far as a caller sees it.
type instance struct {
	accessv1.UnimplementedKeysServiceServer
	listener *bufconn.Listener
	server   *grpc.Server
	health   *health.Server
	ended    chan struct{}

	mu    sync.Mutex
	calls int
	held  chan struct{} // calls wait until it is closed; nil when they do not
	once  bool          // only the next one does
	err   error         // what calls are answered with
}

func (i *instance) ListKeys(context.Context, *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	i.mu.Lock()
	i.calls++
	held, err := i.held, i.err
	if i.once {
		i.held, i.once = nil, false
	}
	i.mu.Unlock()
	if held != nil {
		select {
		case <-held: // not when the call ends: a process that is paused does not see that
		case <-i.ended:
		}
	}
	return &accessv1.ListKeysResponse{}, err
}

// answer has calls answered with err from now on.
func (i *instance) answer(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

// hang pauses the instance.
func (i *instance) hang() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held = make(chan struct{})
}

// hangOnce has the next call alone never answered.
func (i *instance) hangOnce() {
	i.hang()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.once = true
}

// resume lets a paused instance go on, with the calls that it has.
func (i *instance) resume() {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.held)
	i.held = nil
}

func (i *instance) kill() { i.server.Stop() }

// serve has the instance say whether it serves, and everybody hear of it.
func (i *instance) serve(t *testing.T, serving bool) {
	t.Helper()
	says := healthv1.HealthCheckResponse_NOT_SERVING
	if serving {
		says = healthv1.HealthCheckResponse_SERVING
	}
	i.health.SetServingStatus("keys", says)
	synctest.Wait()
}

// served returns how many calls the instance got since it was reset.
func (i *instance) served() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls
}

func (i *instance) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls = 0
}

// fleet is a service of several instances, and a connection to it.
type fleet struct {
	instances []*instance
	keys      accessv1.KeysServiceClient
}

// newFleet returns a fleet of n, all of which are ready and have served nothing. It lives in the bubble of the test.
func newFleet(t *testing.T, n int) *fleet {
	t.Helper()
	return newFleetNamed(t, "keys", n)
}

// newFleetNamed is newFleet for a service of that name.
func newFleetNamed(t *testing.T, name string, n int) *fleet {
	t.Helper()
	f := &fleet{}
	addresses := make([]resolver.Address, n)
	for i := range addresses {
		f.instances = append(f.instances, start(t))
		addresses[i].Addr = address(i)
	}
	found := manual.NewBuilderWithScheme("fleet")
	found.InitialState(resolver.State{Addresses: addresses})
	conn, err := grpc.NewClient("fleet:///"+name, grpc.WithResolvers(found), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}], "healthCheckConfig": {"serviceName": "keys"}}`, balance.Name)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			i, err := strconv.Atoi(address)
			if err != nil {
				return nil, err
			}
			return f.instances[i].listener.DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); synctest.Wait() })
	f.keys = accessv1.NewKeysServiceClient(conn)
	conn.Connect()
	synctest.Wait() // until all are ready
	return f
}

// address returns the address of an instance of newFleet.
func address(i int) string { return strconv.Itoa(i) }

func start(t *testing.T) *instance {
	t.Helper()
	one := &instance{listener: bufconn.Listen(1 << 16), server: grpc.NewServer(), health: health.NewServer(), ended: make(chan struct{})}
	accessv1.RegisterKeysServiceServer(one.server, one)
	healthv1.RegisterHealthServer(one.server, one.health)
	one.health.SetServingStatus("keys", healthv1.HealthCheckResponse_SERVING)
	var done sync.WaitGroup
	done.Go(func() { _ = one.server.Serve(one.listener) })
	t.Cleanup(func() { close(one.ended); one.server.Stop(); done.Wait() })
	return one
}

// call makes a call with the usual deadline.
func (f *fleet) call(t *testing.T) error { return f.callFor(t, deadline) }

// repeatable makes a call that may be made again, and returns what the policy says of it.
func (f *fleet) repeatable(t *testing.T) (*balance.Call, error) {
	t.Helper()
	call := &balance.Call{Repeatable: true}
	_, err := f.keys.ListKeys(call.Context(t.Context()), &accessv1.ListKeysRequest{})
	return call, err
}

// callFor makes a call that waits for so long.
func (f *fleet) callFor(t *testing.T, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := f.keys.ListKeys(ctx, &accessv1.ListKeysRequest{})
	return err
}

// calls makes n calls, one after another, and returns how many were lost.
func (f *fleet) calls(t *testing.T, n int) (lost int) {
	t.Helper()
	for range n {
		if f.call(t) != nil {
			lost++
		}
	}
	return lost
}

// atOnce makes n calls at once, and returns how many were lost.
func (f *fleet) atOnce(t *testing.T, n int) (lost int) {
	t.Helper()
	errs := make(chan error, n)
	for range n {
		go func() { errs <- f.call(t) }()
	}
	for range n {
		if <-errs != nil {
			lost++
		}
	}
	return lost
}
