// Package service runs one process of the shop. It sets up the logger, the certificate, the server, the registration with
// Consul, the health checks and the background work, and stops them in order.
package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/rpc"
	"souk/platform/telemetry"
)

// The service that publishes the verification keys of access tokens.
const keysService = "customers"

// Service is one process. Register servers and background work, then call Run.
type Service struct {
	name   string
	cfg    Config
	listen Listen
	logger *slog.Logger
	consul *api.Client

	identity *certificate.Identity
	breakers *breaker.Set
	guard    *access.Guard
	keys     *lateKeys
	verifier *access.Verifier
	server   *grpc.Server
	health   *health.Server
	handler  http.Handler
	web      web
	serving  atomic.Bool
	stopping atomic.Bool
	ready    func() bool

	checks     []check
	background []task
	closers    []func()
}

type task struct {
	name string
	run  func(context.Context) error
	// whileServing marks work that ends before the calls under way.
	whileServing bool
}

// New returns the process of the service called name.
func New(name string, cfg Config, listen Listen) (*Service, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	logger := newLogger(name, cfg.LogLevel)
	built := current()
	process := telemetry.Process{Service: name, Version: built.version, Commit: built.commit}
	stopTraces, err := telemetry.Start(context.Background(), cfg.Traces, process, logger)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	client, err := consul.NewClient(cfg.Consul.Addr, cfg.Consul.Token)
	if err != nil {
		return nil, err
	}
	s := &Service{
		name: name, cfg: cfg, listen: listen, logger: logger, consul: client,
		identity: certificate.New(), breakers: breaker.NewSet(logger), health: health.NewServer(), keys: &lateKeys{},
	}
	s.OnStop(stopTraces)
	s.publishMetrics()
	s.verifier = access.NewVerifier(s.keys)
	s.guard = access.NewGuard(s.verifier)
	s.server = rpc.NewServer(logger, s.guard, s.identity, admission.New(listen.Concurrency), rpc.ConnectionAge(cfg.connectionAge()))
	healthv1.RegisterHealthServer(s.server, s.health)
	return s, nil
}

// Server returns the registrar for gRPC services.
func (s *Service) Server() grpc.ServiceRegistrar { return s.server }

// Logger returns the process's logger.
func (s *Service) Logger() *slog.Logger { return s.logger }

func newLogger(service string, level slog.Level) *slog.Logger {
	handler := slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})
	return slog.New(telemetry.LogHandler{Handler: handler}).With("service", service)
}

// Verifier returns the verifier of access tokens.
func (s *Service) Verifier() *access.Verifier { return s.verifier }

// UseKeys makes the process verify access tokens with keys from source instead of those that customers publishes.
func (s *Service) UseKeys(source access.KeySource) { s.keys.source = source }

// HTTP makes the process serve handler over HTTP instead of gRPC. Consul checks /healthz.
func (s *Service) HTTP(handler http.Handler) { s.handler = handler }

// ReadyWhen makes /readyz of the admin port wait for ready too, for example for caches. It must not depend on other processes: an
// outage would make all instances unready at once, and then nothing could answer that the shop is out of order.
func (s *Service) ReadyWhen(ready func() bool) { s.ready = ready }

// isReady reports whether the process has started and has not been told to stop.
func (s *Service) isReady() bool {
	return s.serving.Load() && !s.Stopping() && (s.ready == nil || s.ready())
}

// Stopping reports whether the process has been told to stop.
func (s *Service) Stopping() bool { return s.stopping.Load() }

// Dial returns a connection to the service called name, whose instances it finds through Consul. The connection is closed when
// the process stops.
func (s *Service) Dial(name string) (*grpc.ClientConn, error) {
	peers := consul.NewBuilder(s.consul, s.cfg.KeepDir, s.logger)
	conn, err := rpc.Dial("consul:///"+name, name, s.identity, s.breakers, s.logger, grpc.WithResolvers(peers))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", name, err)
	}
	s.OnStop(func() { _ = conn.Close() })
	return conn, nil
}

// Background runs work until the last call has ended, because calls may need it. If it returns an error, the process stops.
func (s *Service) Background(name string, run func(context.Context) error) {
	s.background = append(s.background, task{name: name, run: run})
}

// WhileServing is like Background, but the work ends as soon as the process stops serving, before the calls under way end. It
// is meant for work that ends long calls.
func (s *Service) WhileServing(name string, run func(context.Context) error) {
	s.background = append(s.background, task{name: name, run: run, whileServing: true})
}

// Every repeats work until the process stops, starting at once. Errors are logged and do not stop the process.
func (s *Service) Every(interval time.Duration, name string, work func(context.Context) error) {
	s.Background(name, func(ctx context.Context) error {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		runs := runsOf(name)
		for {
			err := work(ctx)
			if ctx.Err() == nil || err == nil {
				runs.count(err)
			}
			if err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "background work failed", "work", name, "error", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

// OnStop registers a function that closes a resource after the server has drained. The last one registered runs first.
func (s *Service) OnStop(closer func()) {
	s.closers = append(s.closers, closer)
}

// prepare completes the setup that requires all services to be registered.
func (s *Service) prepare() error {
	if s.keys.source == nil {
		conn, err := s.Dial(keysService)
		if err != nil {
			return err
		}
		keys := access.NewRemoteKeys(accessv1.NewKeysServiceClient(conn))
		s.keys.source = keys
		s.Every(access.RefreshKeysEvery, "refresh keys", keys.Refresh)
	}
	rpc.ShowCalls(s.server)
	return s.guard.Learn(s.server)
}

func (s *Service) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}
