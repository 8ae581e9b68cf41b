package rpc_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/rpc"
	"souk/testkit/certtest"
)

// server is a server like those of the shop, on the loopback interface. It has two services: one with a unary RPC, one with a
// stream.
type server struct {
	accessv1.UnimplementedKeysServiceServer
	healthv1.UnimplementedHealthServer
	addr   string
	log    syncBuffer
	health *health.Server
	grpc   *grpc.Server
	// identity is the server's own certificate.
	identity *certificate.Identity

	mu    sync.Mutex
	list  func(context.Context) error
	watch func(context.Context) error
}

func (s *server) ListKeys(ctx context.Context, _ *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	s.mu.Lock()
	list := s.list
	s.mu.Unlock()
	if err := list(ctx); err != nil {
		return nil, err
	}
	return &accessv1.ListKeysResponse{}, nil
}

func (s *server) Watch(req *healthv1.HealthCheckRequest, stream healthv1.Health_WatchServer) error {
	if req.GetService() != "" { // gRPC's own health check, which names the service
		return s.health.Watch(req, stream)
	}
	s.mu.Lock()
	watch := s.watch
	s.mu.Unlock()
	return watch(stream.Context())
}

// does sets the work of the RPC and the stream.
func (s *server) does(work func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.watch = work, work
}

// serve starts a server whose guard gets its keys from source.
func serve(t *testing.T, source access.KeySource) *server {
	t.Helper()
	return startServer(t, source, "127.0.0.1:0", nil)
}

// serveAt starts a server at an address.
func serveAt(t *testing.T, source access.KeySource, addr string) *server {
	t.Helper()
	return startServer(t, source, addr, nil)
}

// serveWithin starts a server with this limiter.
func serveWithin(t *testing.T, source access.KeySource, limiter *admission.Limiter) *server {
	t.Helper()
	return startServer(t, source, "127.0.0.1:0", limiter)
}

func startServer(t *testing.T, source access.KeySource, addr string, limiter *admission.Limiter) *server {
	t.Helper()
	s := &server{health: health.NewServer(), identity: identity(t, "customers")}
	s.health.SetServingStatus("customers", healthv1.HealthCheckResponse_SERVING)
	s.does(func(context.Context) error { return nil })
	guard := access.NewGuard(access.NewVerifier(source))
	s.grpc = rpc.NewServer(slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), guard, s.identity, limiter)
	accessv1.RegisterKeysServiceServer(s.grpc, s)
	healthv1.RegisterHealthServer(s.grpc, s)
	if err := guard.Learn(s.grpc); err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	var done sync.WaitGroup
	done.Go(func() { _ = s.grpc.Serve(listener) })
	t.Cleanup(func() { s.grpc.Stop(); done.Wait() })
	return s
}

var discard = slog.New(slog.DiscardHandler)

// authority issues the certificates of the tests.
var authority = sync.OnceValues(certtest.New)

func identity(t *testing.T, service string) *certificate.Identity {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := ca.Identity(service)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// dial connects to the server as the service named self.
func (s *server) dial(t *testing.T, self string) *grpc.ClientConn {
	t.Helper()
	return s.dialAs(t, identity(t, self))
}

func (s *server) dialAs(t *testing.T, self *certificate.Identity) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial("passthrough:///"+s.addr, "customers", self, breaker.NewSet(discard), discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call calls the RPC.
func call(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := accessv1.NewKeysServiceClient(conn).ListKeys(ctx, &accessv1.ListKeysRequest{})
	return err
}

// stream opens the stream and returns the error it ends with.
func stream(ctx context.Context, conn *grpc.ClientConn) error {
	watch, err := healthv1.NewHealthClient(conn).Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	_, err = watch.Recv()
	return err
}

// syncBuffer is a buffer that a logger may write to while the test reads it.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// take returns what was written since the last take.
func (b *syncBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.buffer.String()
	b.buffer.Reset()
	return text
}
