package service_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/service"
)

// hesitant puts a proxy in front of the Consul agent. The proxy delays deregistrations until let is called.
func hesitant(t *testing.T) (cfg consul.Config, leaving <-chan struct{}, let func()) {
	t.Helper()
	asked, allowed := make(chan struct{}), make(chan struct{})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: agent.Addr()})
	proxy.ErrorLog = log.New(io.Discard, "", 0) // queries are canceled when the process ends
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/deregister/") {
			close(asked)
			<-allowed
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cfg = agentConfig()
	cfg.Addr = strings.TrimPrefix(server.URL, "http://")
	return cfg, asked, sync.OnceFunc(func() { close(allowed) })
}

// events records events in order.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, what)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.list, ", ")
}

// until returns work that waits for the end of its context.
func (e *events) until(what string) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		e.add(what)
		return nil
	}
}

// plain returns a connection without client-side health checks.
func plain(t *testing.T, addr string, identity *certificate.Identity, name string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(credentials.NewTLS(identity.Client(name))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestAProcessStopsInOrder(t *testing.T) {
	t.Parallel()
	const name = "orderly"
	cfg, leaving, let := hesitant(t)
	defer let()
	s, err := service.New(name, service.Config{Consul: cfg, Drain: 10 * time.Second, LogLevel: 12}, service.Listen{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	var happened events
	began, finish := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	accessv1.RegisterKeysServiceServer(s.Server(), keys{list: func(context.Context) error {
		if calls.Add(1) == 1 {
			close(began)
			<-finish
			happened.add("the call under way has ended")
		}
		return nil
	}})
	s.WhileServing("streams", happened.until("serving has ended"))
	s.Background("work", happened.until("background work has ended"))
	s.OnStop(func() { happened.add("closed") })
	r := launch(t, s)
	addr, identity := address(t, name), asGateway(t)
	conn := plain(t, addr, identity, name)
	answered := make(chan error, 1)
	go func() {
		_, err := accessv1.NewKeysServiceClient(conn).ListKeys(context.Background(), &accessv1.ListKeysRequest{})
		answered <- err
	}()
	<-began
	r.stop()

	<-leaving
	health, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
	if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("during deregistration its health is %v, %v", health.GetStatus(), err)
	}
	for what, conn := range map[string]*grpc.ClientConn{"its": conn, "a new": plain(t, addr, identity, name)} {
		if _, err := accessv1.NewKeysServiceClient(conn).ListKeys(t.Context(), &accessv1.ListKeysRequest{}); err != nil {
			t.Errorf("a call on %s connection during deregistration: %v", what, err)
		}
	}
	if got := happened.String(); got != "" {
		t.Errorf("before it is deregistered: %s", got)
	}
	let()
	eventually(t, 10*time.Second, "it begins to drain", func() bool { return happened.String() == "serving has ended" })
	if _, all := instances(t, name); all != 0 {
		t.Error("it drains although it is still registered")
	}
	close(finish)
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("run: %v", err)
	}
	const want = "serving has ended, the call under way has ended, background work has ended, closed"
	if got := happened.String(); got != want {
		t.Errorf("%s;\nwant %s", got, want)
	}
}
