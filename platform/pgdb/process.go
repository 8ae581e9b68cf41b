package pgdb

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Process is the process that uses the database; a *service.Service is one.
type Process interface {
	Logger() *slog.Logger
	// OnStop registers a function that closes a resource when the process stops. The last one registered runs first.
	OnStop(closer func())
	// Require makes the health of the process depend on check.
	Require(name string, check func(context.Context) error)
}

// OpenFor is like Open, and also makes the health of p depend on the database and closes the database when p stops.
func OpenFor(ctx context.Context, p Process, cfg Config, migrations fs.FS) (*pgxpool.Pool, error) {
	pool, err := Open(ctx, cfg, migrations, p.Logger())
	if err != nil {
		return nil, err
	}
	p.OnStop(pool.Close)
	p.OnStop(publish(pool))
	health := NewHealth(pool)
	p.OnStop(health.Close)
	p.Require("postgres", health.Check)
	return pool, nil
}
