package pgtest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CloseAndConnect closes a pool and returns a connection to the same database. PostgreSQL adds up what a session did when the
// session ends, so it waits until all sessions with the pool's application_name have ended. The pool must have one of its own.
func CloseAndConnect(t testing.TB, pool *pgxpool.Pool) *pgx.Conn {
	t.Helper()
	config := pool.Config().ConnConfig.Copy()
	pool.Close()
	closed := config.RuntimeParams["application_name"]
	config.RuntimeParams["application_name"] = "after " + closed
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	deadline := time.Now().Add(20 * time.Second)
	for sessions := 1; sessions > 0; {
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = $1`, closed).Scan(&sessions)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d sessions are still there, %v", sessions, err)
		}
	}
	return conn
}
