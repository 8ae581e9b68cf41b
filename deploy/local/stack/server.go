package stack

import (
	"context"

	"souk/platform/devserver"
)

func (s *Stack) startPostgres(ctx context.Context) error {
	server, err := devserver.StartPostgres(ctx, devserver.PostgresConfig{
		Dir: s.cfg.path("postgres"), Port: s.cfg.PostgresPort, LogFile: s.LogFile(Postgres),
		Fast: s.cfg.Fast, Progress: s.cfg.Progress, Started: s.runs(Postgres),
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

func (s *Stack) startMongo(ctx context.Context) error {
	server, err := devserver.StartMongo(ctx, devserver.MongoConfig{
		Dir: s.cfg.path("mongo"), Port: s.cfg.MongoPort, LogFile: s.LogFile(Mongo),
		Fast: s.cfg.Fast, Progress: s.cfg.Progress, Started: s.runs(Mongo),
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

func (s *Stack) startConsul(ctx context.Context) error {
	server, err := devserver.StartConsul(ctx, devserver.ConsulConfig{
		Dir: s.cfg.path("consul"), HTTPPort: s.cfg.ConsulPort, LogFile: s.LogFile(Consul), Progress: s.cfg.Progress,
		Started: s.runs(Consul),
	})
	if err != nil {
		return err
	}
	if s.consul == nil {
		s.consul = server
		s.cfg.say("Consul on http://%s", server.Addr())
	}
	return nil
}
