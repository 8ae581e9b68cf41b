// Package pgdb is responsible for a service's PostgreSQL database: opening it, migrating it, and
// running transactions on it.
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

// Config names the database.
type Config struct {
	URL      secret.URL `env:"DATABASE_URL,required"`
	MaxConns int32      `env:"DATABASE_MAX_CONNS" envDefault:"10"`
	// Instances is how many processes of the service may run at once, those that replace others included. The server has to
	// have connections for all of them.
	Instances int32 `env:"DATABASE_INSTANCES" envDefault:"2"`
}

// Open connects to the database and brings its schema up to date with the goose files at the root of migrations. A database
// that is away it waits for until ctx is done; anything else that is wrong is an error at once.
func Open(ctx context.Context, cfg Config, migrations fs.FS, logger *slog.Logger) (*pgxpool.Pool, error) {
	poolConfig, err := pgxpool.ParseConfig(string(cfg.URL))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	poolConfig.MaxConns = cfg.MaxConns
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

// Querier reads: a pool, or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Reader returns what work with ctx reads from: the transaction of WithTx, or else pool.
func Reader(ctx context.Context, pool *pgxpool.Pool) Querier {
	if tx, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
		return tx
	}
	return pool
}

// WithTx returns ctx for work that is a part of tx: InTx and Reader go on in it, and nothing else does. Such work is done by one goroutine.
func WithTx(ctx context.Context, tx pgx.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, tx)
}

// How often a transaction that lost against another is run again.
const maxAttempts = 8

// InTx runs fn in a read-committed transaction and commits it when fn returns nil. A transaction that
// PostgreSQL ended as a deadlock or a serialization failure is run again from the start, so fn must have
// no effect outside it: above all, it makes no RPC.
//
// With a context of WithTx it is a savepoint of that transaction, which begins again as a whole when it has to.
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
