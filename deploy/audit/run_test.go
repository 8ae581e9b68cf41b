package audit

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/testkit/devserver"
)

var fromAudit = regexp.MustCompile(`^\[Bearer token-[0-9]+\]audit$`)

// staffOnly refuses calls that do not come from the audit, as staff.
func staffOnly(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	p, _ := peer.FromContext(ctx)
	caller := fmt.Sprint(metadata.ValueFromIncomingContext(ctx, "authorization"), certificate.Service(p.AuthInfo.(credentials.TLSInfo).State))
	if info.FullMethod != healthv1.Health_Check_FullMethodName && !fromAudit.MatchString(caller) {
		return nil, status.Errorf(codes.PermissionDenied, "%s is called by %s", info.FullMethod, caller)
	}
	return next(ctx, req)
}

// serveWorld serves the world on loopback as the services with these names, each with its certificate, registered with
// Consul.
func serveWorld(t *testing.T, w *world, cfg consul.Config, names ...string) {
	t.Helper()
	client, err := consul.NewClient(cfg.Addr, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		serveAs(t, w, cfg, name)
	}
	await(t, func() bool {
		for _, name := range names {
			if passing, _, err := client.Health().Service(name, "", true, nil); err != nil || len(passing) == 0 {
				return false
			}
		}
		return true
	})
}

func serveAs(t *testing.T, w *world, cfg consul.Config, name string) {
	t.Helper()
	client, err := consul.NewClient(cfg.Addr, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	identity := certificate.New()
	done.Go(func() { _ = consul.Certify(ctx, cfg, name, identity, "", slog.New(slog.DiscardHandler)) })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(identity.Server())), grpc.UnaryInterceptor(staffOnly))
	w.register(server)
	healthy := health.NewServer()
	healthy.SetServingStatus(name, healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(server, healthy)
	done.Go(func() { _ = server.Serve(listener) })
	instance := consul.Instance{ID: name, Name: name, Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port}
	done.Go(func() { consul.Keep(ctx, client, instance, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() { cancel(); server.Stop(); done.Wait() })
}

func configOf(agent *devserver.Consul) consul.Config {
	return consul.Config{Addr: agent.Addr(), GRPCAddr: agent.GRPCAddr(), Datacenter: "dc1"}
}

func await(t *testing.T, condition func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatal("not within 30 s")
		case <-tick.C:
		}
	}
}

func TestRunFindsTheServicesAndReadsAsStaff(t *testing.T) {
	t.Parallel()
	agent, err := devserver.StartConsul(t.Context(), devserver.ConsulConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agent.Stop(context.Background()) })
	url, _ := gateway(t, 900)
	cfg := Config{
		URL: url, StaffEmail: "staff@souk.example", StaffPassword: "secret", Consul: configOf(agent),
		WithProvider: true, Patience: 50 * time.Millisecond,
	}
	w := newWorld()
	serveWorld(t, w, configOf(agent), "orders", "inventory", "payments")
	if report, err := Run(t.Context(), cfg); status.Code(err) != codes.Unavailable {
		t.Errorf("without shipping: %v, report %v", err, report)
	}
	serveWorld(t, w, configOf(agent), "shipping")
	report, err := Run(t.Context(), cfg)
	if err != nil || !report.OK() || report.Compared != 10 {
		t.Fatalf("%v, report %+v", err, report)
	}
	cfg.StaffPassword = "guess"
	if _, err := Run(t.Context(), cfg); err == nil {
		t.Error("a wrong password is no error")
	}
}
