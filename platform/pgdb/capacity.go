package pgdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// besidePool is the number of connections of an instance outside its pool: one for health checks, and one for migrations while
// it starts.
const besidePool = 2

// CapacityError is returned if the instances of a service could together open more connections than the server allows. Without
// this check, the last instance would run out of connections under load.
type CapacityError struct {
	Instances, MaxConns int32
	// Room is the number of connections that the server allows the service's role.
	Room int32
}

// Error implements error.
func (e *CapacityError) Error() string {
	return fmt.Sprintf("%d instances with %d + %d connections each need %d, and the server has %d for them: lower DATABASE_MAX_CONNS or "+
		"DATABASE_INSTANCES, or raise max_connections or the connection limit of the role or the database",
		e.Instances, e.MaxConns, besidePool, e.needed(), e.Room)
}

func (e *CapacityError) needed() int64 { return int64(e.Instances) * (int64(e.MaxConns) + besidePool) }

// checkCapacity returns a *CapacityError unless the server allows enough connections for all instances of the service.
// Connections reserved for superusers do not count. The setting reserved_connections exists since PostgreSQL 16.
func checkCapacity(ctx context.Context, pool *pgxpool.Pool, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, 2*connectTimeout)
	defer cancel()
	e := &CapacityError{Instances: cfg.Instances, MaxConns: cfg.MaxConns}
	err := pool.QueryRow(ctx, `SELECT least(
			current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
				- coalesce(current_setting('reserved_connections', true)::int, 0),
			(SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
			(SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))`).Scan(&e.Room)
	if err != nil {
		return fmt.Errorf("count connections: %w", err)
	}
	if e.needed() > int64(e.Room) {
		return e
	}
	return nil
}
