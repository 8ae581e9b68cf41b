package pgdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The limits that PostgreSQL enforces on each connection of a service. Each is longer than the one before, so that it leaves
// time for it. A process that hangs in a transaction loses the transaction and its row locks after IdleInTransaction. A
// transaction that waits for those rows gets them, because it may wait for LockWait. Calls have a timeout of 5 s by default
// (see the package rpc), so after StatementTime a statement's caller has usually left.
const (
	IdleInTransaction = 3 * time.Second
	LockWait          = 4 * time.Second
	StatementTime     = 5 * time.Second
)

// The limits of a connection that runs migrations. While a statement waits for a lock on a table, all later statements on that
// table wait as well. So it waits for migrationLockWait at most and is retried later. Statements such as CREATE INDEX
// CONCURRENTLY run outside a transaction and block no others. They wait for older transactions and would lose all their work if
// they gave up, so they may wait for onlineLockWait.
const (
	migrationLockWait = 200 * time.Millisecond
	onlineLockWait    = time.Minute
)

// limits sets the parameters of new connections, in milliseconds. The database URL may set other values, for example
// postgres://…/orders?statement_timeout=10000.
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

// InLongTx is like InTx for slow work, such as an audit that adds up a ledger: each of its statements may take up to d. The
// caller must have that much time, and must not lock rows that shoppers need.
func InLongTx(ctx context.Context, pool *pgxpool.Pool, d time.Duration, fn func(tx pgx.Tx) error) error {
	return InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, milliseconds(d)); err != nil {
			return fmt.Errorf("allow %v for a statement: %w", d, err)
		}
		return fn(tx)
	})
}
