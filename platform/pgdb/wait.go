package pgdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/outage"
)

// A connection is made within this time, and a database that was reached answers a ping.
const connectTimeout = 5 * time.Second

// Await does work on the database, again and again while the database is away, until ctx is done. work must change nothing
// when it is done again.
func Await(ctx context.Context, logger *slog.Logger, work func(context.Context) error) error {
	return outage.Outlast(ctx, logger, "postgres", away, work)
}

// away reports whether err says that the database cannot be reached, is starting or shutting down, or takes no more
// connections. What the database says itself counts for more than how the connection to it fared.
func away(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return outage.Postgres(pgErr.Code)
	}
	var network net.Error
	var lost interface{ SafeToRetry() bool }
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.As(err, &lost) && lost.SafeToRetry()
}
