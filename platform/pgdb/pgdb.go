// Package pgdb opens a service's PostgreSQL database, migrates its schema and runs transactions.
package pgdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/secret"
)

// Config contains the settings of the database.
type Config struct {
	URL      secret.URL `env:"DATABASE_URL,required"`
	MaxConns int32      `env:"DATABASE_MAX_CONNS" envDefault:"10"`
	// Instances is the greatest number of the service's processes that run at once, including those that replace others during
	// a deployment. The server must allow enough connections for all of them.
	Instances int32 `env:"DATABASE_INSTANCES" envDefault:"2"`
}

// Open connects to the database and applies the goose files at the root of migrations. While the database is down, it waits
// until ctx is done. Other errors are returned at once.
func Open(ctx context.Context, cfg Config, migrations fs.FS, logger *slog.Logger) (*pgxpool.Pool, error) {
	poolConfig, err := pgxpool.ParseConfig(string(cfg.URL))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	poolConfig.MaxConns = cfg.MaxConns
	poolConfig.ConnConfig.Tracer = newTracer()
	poolConfig.ConnConfig.RuntimeParams["timezone"] = "UTC"
	limits(poolConfig.ConnConfig.RuntimeParams, IdleInTransaction, LockWait, StatementTime)
	poolConfig.ConnConfig.ConnectTimeout = min(poolConfig.ConnConfig.ConnectTimeout, connectTimeout)
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	err = Await(ctx, logger, func(ctx context.Context) error {
		if err := migrate(ctx, pool, migrations, logger); err != nil {
			return err
		}
		return checkCapacity(ctx, pool, cfg)
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return pool, nil
}

type txKey struct{}

// Querier runs queries: a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Reader returns the transaction that WithTx put into ctx, or pool if there is none.
func Reader(ctx context.Context, pool *pgxpool.Pool) Querier {
	if tx, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
		return tx
	}
	return pool
}

// WithTx returns ctx for work inside tx: InTx and Reader use tx when they get this context. Only one goroutine may use it.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

// How often a transaction is tried that fails because of concurrent transactions.
const maxAttempts = 8

// InTx runs fn in a read-committed transaction and commits it if fn returns nil. If PostgreSQL aborts the transaction because
// of a deadlock or serialization failure, InTx runs it again from the start. So fn must have no other effects; above all, it
// must not make RPCs.
//
// With a context from WithTx, InTx uses a savepoint in that transaction. A deadlock or serialization failure then restarts the
// whole outer transaction.
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	if outer, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
		return pgx.BeginFunc(ctx, outer, fn)
	}
	for attempt := 1; ; attempt++ {
		err := pgx.BeginFunc(ctx, pool, fn)
		if err == nil || !retryable(err) || attempt == maxAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(time.Duration(attempt) * 5 * time.Millisecond)):
		}
	}
}

// retryable reports whether err is serialization_failure or deadlock_detected
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func retryable(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}

// IsUnique reports whether err is a violation of the named unique constraint.
func IsUnique(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "23505" && pgErr.ConstraintName == constraint
}
