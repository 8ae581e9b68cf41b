// Package job is responsible for the durable jobs that finish orders, with River in the orders database:
// putting them in and taking them out within the transactions that change orders, and running them.
package job

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"souk/platform/outage"
	"souk/platform/pgdb"
)

// Args names the order that a job moves on.
type Args struct {
	OrderID string `json:"order_id"`
}

// Kind implements river.JobArgs.
func (Args) Kind() string { return "advance_order" }

// The advisory lock that replicas take turns under; any number that nothing else in this database uses. A replica looks for its
// turn so often.
const (
	migrationLock = 0x50757368
	turnEvery     = time.Second
)

// Migrate brings River's own tables up to date. Replicas that start together take turns.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	if err := migrate(ctx, pool); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	own, err := pgdb.OpenForMigrations(ctx, pool)
	if err != nil {
		return err
	}
	defer own.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(own), nil)
	if err != nil {
		return err
	}
	conn, err := own.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // its session ends with its pool, and the lock with that
	for mine := false; !mine; {
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&mine); err != nil {
			return err
		}
		if !mine && !outage.Sleep(ctx, turnEvery) {
			return ctx.Err()
		}
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
