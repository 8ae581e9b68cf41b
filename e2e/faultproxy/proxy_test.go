package faultproxy

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"souk/testkit/certtest"
)

const check = "/grpc.health.v1.Health/Check"

// callee is a service behind a proxy.
type callee struct {
	healthv1.HealthServer
	served atomic.Int64
	token  atomic.Value
	err    error
	// start starts the service, again if stop stopped it.
	start func() (stop func())
	stop  func()
}

func (c *callee) Check(ctx context.Context, r *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	c.served.Add(1)
	md, _ := metadata.FromIncomingContext(ctx)
	c.token.Store(strings.Join(md.Get("authorization"), ","))
	if c.err != nil {
		return nil, c.err
	}
	return c.HealthServer.Check(ctx, r)
}

// setup starts a service and a proxy of it, and returns a client of the proxy.
func setup(t *testing.T, c *callee) (*Proxy, healthv1.HealthClient) {
	t.Helper()
	p, conn := connect(t, c)
	return p, healthv1.NewHealthClient(conn)
}

// connect is setup for other calls than health checks.
func connect(t *testing.T, c *callee) (*Proxy, *grpc.ClientConn) {
	t.Helper()
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewProxy("inventory", authority)
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := authority.Identity("inventory")
	if err != nil {
		t.Fatal(err)
	}
	orders, err := authority.Identity("orders")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	at, _ := strings.CutPrefix(p.Env()[0], "SOUK_INVENTORY_ADDR=")
	c.start = func() (stop func()) {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		c.HealthServer = health.NewServer()
		server := grpc.NewServer(grpc.Creds(credentials.NewTLS(inventory.Server())))
		healthv1.RegisterHealthServer(server, c)
		go func() { _ = server.Serve(listener) }()
		return server.Stop
	}
	c.stop = c.start()
	t.Cleanup(func() { c.stop() })
	host, _ := strings.CutPrefix(p.Env()[1], "SOUK_INVENTORY_ADVERTISE=")
	_, port, _ := net.SplitHostPort(at)
	conn, err := grpc.NewClient(net.JoinHostPort(host, port), grpc.WithTransportCredentials(credentials.NewTLS(orders.Client("inventory"))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return p, conn
}

func call(t *testing.T, client healthv1.HealthClient) error {
	t.Helper()
	_, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{}, grpc.WaitForReady(true))
	return err
}

func TestAProxyPassesEverythingOn(t *testing.T) {
	t.Parallel()
	c := &callee{}
	_, client := setup(t, c)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer token")
	answer, err := client.Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != healthv1.HealthCheckResponse_SERVING || c.token.Load() != "Bearer token" {
		t.Errorf("%v, %v, called with %q", answer, err, c.token.Load())
	}
	detailed, err := status.New(codes.FailedPrecondition, "no").WithDetails(&errdetails.ErrorInfo{Reason: "WHY"})
	if err != nil {
		t.Fatal(err)
	}
	c.err = detailed.Err()
	got := status.Convert(call(t, client))
	if got.Code() != codes.FailedPrecondition || got.Message() != "no" || len(got.Details()) != 1 {
		t.Errorf("the error arrives as %v with %v", got, got.Details())
	}
	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{Service: "later"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_SERVICE_UNKNOWN, healthv1.HealthCheckResponse_SERVING} {
		update, err := watch.Recv()
		if err != nil || update.GetStatus() != want {
			t.Errorf("a stream brings %v, %v; want %v", update, err, want)
		}
		c.HealthServer.(*health.Server).SetServingStatus("later", healthv1.HealthCheckResponse_SERVING)
	}
}

func TestACallIsInterceptedOnceAtItsMoment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		moment Moment
		pass   bool
		code   codes.Code
		// Calls that the callee has seen at that moment, and at the end.
		before, after int64
	}{
		"the request is lost":         {Requested, false, codes.Unavailable, 0, 0},
		"the request is held up":      {Requested, true, codes.OK, 0, 1},
		"the answer is lost":          {Committed, false, codes.Unavailable, 1, 1},
		"the answer is held up":       {Committed, true, codes.OK, 1, 1},
		"something, and then answers": {Answered, true, codes.OK, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &callee{}
			p, client := setup(t, c)
			seen, done := int64(-1), make(chan struct{})
			p.Intercept(Interception{Method: "/another", Moment: test.moment})
			if call(t, client) != nil || !p.Waiting() {
				t.Error("a call of another method was intercepted")
			}
			c.served.Store(0)
			p.Intercept(Interception{
				Method: check, Moment: test.moment,
				Do:   func() bool { seen = c.served.Load(); return test.pass },
				Then: func() { close(done) },
			})
			if err := call(t, client); status.Code(err) != test.code {
				t.Errorf("the caller sees %v, want %v", err, test.code)
			}
			<-done
			if seen != test.before || c.served.Load() != test.after || p.Waiting() {
				t.Errorf("the callee saw %d calls and then %d, want %d and %d", seen, c.served.Load(), test.before, test.after)
			}
			if err := call(t, client); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

func TestAProxyConnectsAgain(t *testing.T) {
	t.Parallel()
	c := &callee{}
	p, client := setup(t, c)
	for range 2 {
		if err := call(t, client); err != nil {
			t.Fatal(err)
		}
		p.Disconnect()
		if _, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{}); status.Code(err) != codes.Unavailable {
			t.Errorf("disconnected: %v", err)
		}
		if err := p.Reconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := call(t, client); err != nil {
		t.Error(err)
	}
}
