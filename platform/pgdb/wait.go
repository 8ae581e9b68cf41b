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

// The time limit for connecting to the database, and for the ping after that.
const connectTimeout = 5 * time.Second

// Await repeats work while the database is down, until ctx is done. Running work a second time must change nothing.
func Await(ctx context.Context, logger *slog.Logger, work func(context.Context) error) error {
	return outage.Outlast(ctx, logger, "postgres", away, work)
}

// away reports whether err means that the database cannot be reached, is starting or shutting down, or has no free connections.
// If the database sent an error, that decides, not the state of the connection.
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
