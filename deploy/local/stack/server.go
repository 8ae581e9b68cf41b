package stack

import (
	"context"

	"souk/platform/consul"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

func (s *Stack) startPostgres(ctx context.Context) error {
	server, err := devserver.StartPostgres(ctx, devserver.PostgresConfig{
		Dir: s.cfg.path("postgres"), Port: s.cfg.PostgresPort, LogFile: s.LogFile(Postgres),
		Fast: s.cfg.Fast, Progress: s.cfg.Progress, Started: s.started(Postgres), Connections: connectionsFor(&s.cfg),
	})
	if err != nil {
		return err
	}
	if s.postgres == nil {
		s.postgres = server
		s.cfg.say("PostgreSQL on 127.0.0.1:%d", server.Port())
	}
	return nil
}

// connectionsFor returns the number of PostgreSQL connections for all instances of a shop, plus some for other clients.
func connectionsFor(cfg *Config) int {
	const each, others = 12, 200 // a pool of 10, and 2 outside it (see the package pgdb)
	total := others
	for _, service := range relational {
		total += each * cfg.mostInstances(service)
	}
	return total
}

func (s *Stack) startMongo(ctx context.Context) error {
	server, err := devserver.StartMongo(ctx, devserver.MongoConfig{
		Dir: s.cfg.path("mongo"), Port: s.cfg.MongoPort, LogFile: s.LogFile(Mongo),
		Fast: s.cfg.Fast, Progress: s.cfg.Progress, Started: s.started(Mongo),
	})
	if err != nil {
		return err
	}
	if s.mongo == nil {
		s.mongo = server
		s.cfg.say("FerretDB (MongoDB's protocol) on 127.0.0.1:%d", server.Port())
	}
	return nil
}

// startConsul starts Consul and creates each service's token if Consul does not know it, for example because it has lost its
// data.
func (s *Stack) startConsul(ctx context.Context) error {
	cfg := devserver.ConsulConfig{
		Dir: s.cfg.path("consul"), HTTPPort: s.cfg.ConsulPort, GRPCPort: s.cfg.ConsulGRPCPort, LogFile: s.LogFile(Consul), Progress: s.cfg.Progress,
		Started: s.started(Consul), ManagementToken: secret.Text(s.secrets.ConsulManagement),
	}
	if a := s.cfg.Authority; a != nil {
		cfg.RootPEM, cfg.RootKeyPEM = a.RootPEM, a.KeyPEM
	}
	server, err := devserver.StartConsul(ctx, cfg)
	if err != nil {
		return err
	}
	if s.consul == nil {
		if s.registry, err = consul.NewClient(server.Addr(), secret.Text(s.secrets.ConsulManagement)); err != nil {
			return err
		}
		s.consul = server
		s.cfg.say("Consul on http://%s", server.Addr())
	}
	return s.grant(ctx)
}

func (s *Stack) grant(ctx context.Context) error {
	if err := consul.GrantReading(ctx, s.registry); err != nil {
		return err
	}
	for name, token := range s.secrets.Consul {
		if err := consul.GrantIdentity(ctx, s.registry, name, secret.Text(token)); err != nil {
			return err
		}
	}
	return nil
}
