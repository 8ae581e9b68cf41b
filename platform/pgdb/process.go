package pgdb

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Process is the process that a database is opened for; a *service.Service is one.
type Process interface {
	Logger() *slog.Logger
	// OnStop has a resource closed when the process stops, the last one first.
	OnStop(closer func())
	// Require makes the health of the process depend on check.
	Require(name string, check func(context.Context) error)
}

// OpenFor is Open for a process: its health depends on the database, and the database is closed when it stops.
func OpenFor(ctx context.Context, p Process, cfg Config, migrations fs.FS) (*pgxpool.Pool, error) {
	pool, err := Open(ctx, cfg, migrations, p.Logger())
	if err != nil {
		return nil, err
	}
	p.OnStop(pool.Close)
	health := NewHealth(pool)
	p.OnStop(health.Close)
	p.Require("postgres", health.Check)
	return pool, nil
}
