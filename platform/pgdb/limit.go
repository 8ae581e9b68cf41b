package pgdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The limits that PostgreSQL holds each connection of a service to. They stand in this order because each leaves time for
// the next. A process that stands still in a transaction loses it, and with it the rows it has locked, after
// IdleInTransaction. Whoever waited for those rows has LockWait, so it gets them. A call has 5 s by default (see the package
// rpc), so a statement that goes on for StatementTime works for a caller who has left.
const (
	IdleInTransaction = 3 * time.Second
	LockWait          = 4 * time.Second
	StatementTime     = 5 * time.Second
)

// The limits of a connection that migrates. Whoever comes after a statement that waits for a table waits as well, so it waits
// for migrationLockWait at most and is tried again later. A statement outside of a transaction makes nobody wait, for example
// CREATE INDEX CONCURRENTLY; it waits for transactions that began before it, and would lose all its work by giving up.
const (
	migrationLockWait = 200 * time.Millisecond
	onlineLockWait    = time.Minute
)

// limits sets the parameters of new connections, in milliseconds as PostgreSQL takes them. The address of the database may
// set others, for example postgres://…/orders?statement_timeout=10000.
func limits(params map[string]string, idle, lock, statement time.Duration) {
	for name, limit := range map[string]time.Duration{
		"idle_in_transaction_session_timeout": idle, "lock_timeout": lock, "statement_timeout": statement,
	} {
		if _, ok := params[name]; !ok {
			params[name] = milliseconds(limit)
		}
	}
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// InLongTx is InTx for work that needs its time, such as an audit that adds up a ledger: each of its statements may take up to
// d. Its caller must have as much, and it must not lock rows that shoppers need.
func InLongTx(ctx context.Context, pool *pgxpool.Pool, d time.Duration, fn func(tx pgx.Tx) error) error {
	return InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, milliseconds(d)); err != nil {
			return fmt.Errorf("allow %v for a statement: %w", d, err)
		}
		return fn(tx)
	})
}
