package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/hashicorp/consul/api"
	"golang.org/x/sync/errgroup"

	"souk/deploy/observability"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

// Stack is a running shop.
type Stack struct {
	cfg      Config
	secrets  secrets
	lock     *os.File
	postgres *devserver.Postgres
	mongo    *devserver.Mongo
	consul   *devserver.Consul
	registry *api.Client // with Consul's management token
	mails    *mails
	// Only if the shop is observed.
	prometheus *devserver.Prometheus
	jaeger     *devserver.Jaeger

	mu        sync.Mutex
	processes map[string]*devserver.Process
}

// Start starts the shop and returns when every service passes its health check and the gateway is ready. If anything fails, it
// stops what it has started and returns a one-line error.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	s := newStack(cfg)
	if err := s.start(ctx); err != nil {
		if stopErr := s.Stop(context.WithoutCancel(ctx)); stopErr != nil {
			return nil, fmt.Errorf("%w; and then: %w", err, stopErr)
		}
		return nil, err
	}
	return s, nil
}

func newStack(cfg Config) *Stack {
	return &Stack{cfg: cfg, processes: map[string]*devserver.Process{}}
}

func (s *Stack) start(ctx context.Context) error {
	if err := os.MkdirAll(s.cfg.path("logs"), 0o755); err != nil {
		return err
	}
	var err error
	if s.lock, err = acquire(s.cfg.path("lock")); err != nil {
		return err
	}
	if err := s.cfg.settle(); err != nil {
		return err
	}
	if s.secrets, err = loadSecrets(s.cfg.path("secrets.json")); err != nil {
		return err
	}
	if s.cfg.Observe {
		if err := observability.Write(s.observability()); err != nil {
			return err
		}
	}
	if err := s.startMails(ctx); err != nil {
		return err
	}
	if err := s.startServers(ctx); err != nil {
		return err
	}
	if err := createDatabases(ctx, s.postgres.AdminURL(), s.secrets.Databases); err != nil {
		return err
	}
	for _, name := range s.cfg.own() {
		if err := s.startService(ctx, name); err != nil {
			return err
		}
	}
	if err := s.waitReady(ctx); err != nil || !s.cfg.Observe {
		return err
	}
	return s.startService(ctx, Audit) // which logs in at the gateway
}

// startServers starts the databases and Consul concurrently, and builds the services meanwhile if necessary.
func (s *Stack) startServers(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.startPostgres(ctx) })
	group.Go(func() error { return s.startMongo(ctx) })
	group.Go(func() error { return s.startConsul(ctx) })
	if s.cfg.Source != "" {
		group.Go(func() error { return s.build(ctx) })
	}
	if s.cfg.Observe {
		group.Go(func() error { return s.startObservers(ctx) })
	}
	return group.Wait()
}

// build compiles the shop's own processes.
func (s *Stack) build(ctx context.Context) error {
	if err := Build(ctx, s.cfg.Source, s.cfg.BinDir, s.cfg.Progress); err != nil || !s.cfg.Observe {
		return err
	}
	return BuildAudit(ctx, s.cfg.Source, s.cfg.BinDir)
}

// Stop stops the shop: the audit and the gateways first, then the services, then the servers. It kills processes that do not stop in time.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	stop := func(p *devserver.Process) {
		if p == nil {
			return
		}
		if err := p.Stop(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	stop(s.Process(Audit))
	// The gateways stop first, because they call all services. The services stop in the reverse order of the roster, so that orders stops
	// before the services that it calls.
	for _, name := range slices.Backward(s.cfg.own()) {
		stop(s.Process(name))
	}
	for _, name := range []string{Jaeger, Prometheus, Consul, Mongo, Postgres} {
		stop(s.Process(name))
	}
	errs = append(errs, s.mails.stop())
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// Config returns the configuration that Start was given, with the actual ports.
func (s *Stack) Config() Config { return s.cfg }

// Instances returns the parts of the shop that are instances of a service, or gateways.
func (s *Stack) Instances(service string) []string { return s.cfg.Instances(service) }

// URL returns the address of the REST API.
func (s *Stack) URL() string { return "http://" + s.cfg.GatewayAddr }

// LogFile returns the log file of a process.
func (s *Stack) LogFile(name string) string { return s.cfg.path("logs", name+".log") }

// GatewayAddr returns the address (host:port) of a gateway, by its part's name.
func (s *Stack) GatewayAddr(part string) string { return s.cfg.gateways[part] }

// ConsulAddr returns the address (host:port) of Consul's HTTP API.
func (s *Stack) ConsulAddr() string { return s.consul.Addr() }

// ConsulConfig returns the Consul settings of a service, of Audit, or of Mend.
func (s *Stack) ConsulConfig(name string) consul.Config {
	return consul.Config{
		Addr: s.consul.Addr(), GRPCAddr: s.consul.GRPCAddr(), Datacenter: "dc1", Token: secret.Text(s.secrets.Consul[name]),
	}
}

// ConsulManagementToken returns the token that manages Consul.
func (s *Stack) ConsulManagementToken() string { return s.secrets.ConsulManagement }

// DatabaseURL returns the URL of a database for a service's role.
func (s *Stack) DatabaseURL(role, database string) string {
	return s.postgres.URL(role, s.secrets.Databases[role], database)
}

// MongoURL returns the URL of the MongoDB-protocol server, without a database.
func (s *Stack) MongoURL() string { return s.mongo.URL() }

// StaffEmail returns the e-mail address of the first staff account.
func (s *Stack) StaffEmail() string { return s.cfg.StaffEmail }

// StaffPassword is the password of StaffEmail.
func (s *Stack) StaffPassword() string {
	if s.cfg.StaffPassword != "" {
		return string(s.cfg.StaffPassword)
	}
	return s.secrets.Staff
}

// ClientSecret returns the secret of a tool's OAuth client, whose ID is the name of the tool.
func (s *Stack) ClientSecret(tool string) string { return s.secrets.Clients[tool+clientSuffix] }

// CustomerPassword returns the demo customer's password, which is generated once for each shop.
func (s *Stack) CustomerPassword() string { return s.secrets.Customer }

// Failed returns a channel that receives one line for each process that ends by itself.
func (s *Stack) Failed(ctx context.Context) <-chan string {
	failed := make(chan string)
	watch := func(name string, p *devserver.Process) {
		select {
		case <-ctx.Done():
		case <-p.Done():
			line := fmt.Sprintf("%s has ended: %v", name, p.Err())
			select {
			case failed <- line:
			case <-ctx.Done():
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.processes {
		go watch(name, p)
	}
	return failed
}
