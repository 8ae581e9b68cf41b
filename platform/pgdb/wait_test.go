package pgdb_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgdb"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

// ownServer is a PostgreSQL server that belongs to one test, so that the test can stop and start it.
type ownServer struct {
	*devserver.Postgres
	dir         string
	connections int
}

func newOwnServer(t *testing.T) *ownServer {
	t.Helper()
	return newOwnServerOf(t, 0)
}

// newOwnServerOf returns a server with this number of connections; 0 means the default of test servers.
func newOwnServerOf(t *testing.T, connections int) *ownServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "souk-mortal-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	// PostgreSQL may run as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m := &ownServer{dir: dir, connections: connections}
	m.start(t, 0)
	return m
}

func (m *ownServer) start(t *testing.T, port int) {
	t.Helper()
	server, err := devserver.StartPostgres(t.Context(), devserver.PostgresConfig{Dir: m.dir, Port: port, Fast: true, Connections: m.connections})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	m.Postgres = server
}

func (m *ownServer) stop(t *testing.T) {
	t.Helper()
	if err := m.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (m *ownServer) open(ctx context.Context, migrations fstest.MapFS) (*pgxpool.Pool, error) {
	return pgdb.Open(ctx, pgdb.Config{URL: secret.URL(m.AdminURL()), MaxConns: 3}, migrations, quiet)
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestOpenWaitsForADatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	server := newOwnServer(t)
	port := server.Port()
	server.stop(t)
	var pool *pgxpool.Pool
	opened := make(chan error, 1)
	go func() {
		var err error
		pool, err = server.open(t.Context(), migrations)
		opened <- err
	}()
	server.start(t, port)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, how := range []string{"stopped", "killed"} {
		if how == "killed" {
			_ = server.Signal(syscall.SIGKILL)
			<-server.Done()
		} else {
			server.stop(t)
		}
		// Sessions of a killed server may answer once more before they end.
		until(t, how+": it answers no more", func() bool { return pool.Ping(t.Context()) != nil })
		server.start(t, port)
		back := time.Now()
		until(t, "it answers", func() bool { return pool.Ping(t.Context()) == nil })
		took := time.Since(back)
		if took > 2*time.Second {
			t.Errorf("%s: it answers %v after its return", how, took)
		}
		t.Logf("measured: %s, it answers %v after its return", how, took)
	}
}

func TestAMigrationThatLosesItsConnectionIsRepeated(t *testing.T) {
	t.Parallel()
	server := newOwnServer(t)
	port := server.Port()
	// The second migration blocks until there is a row in the table go. The test stops the server meanwhile.
	slow := fstest.MapFS{
		"00001_t.sql":   migrations["00001_t.sql"],
		"00002_add.sql": {Data: []byte("-- +goose Up\nUPDATE accounts SET n = n + 1;\nSELECT pg_sleep(CASE WHEN EXISTS (SELECT FROM go) THEN 0 ELSE 600 END);\n")},
	}
	pool, err := server.open(t.Context(), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `CREATE TABLE go (x int)`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		other, err := server.open(t.Context(), slow)
		if err == nil {
			other.Close()
		}
		done <- err
	}()
	sleeping := func() (yes bool) {
		err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')`).Scan(&yes)
		return err == nil && yes
	}
	until(t, "the migration runs", sleeping)
	if _, err := pool.Exec(t.Context(), `INSERT INTO go VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	server.stop(t)
	server.start(t, port)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	until(t, "it answers", func() bool { return pool.Ping(t.Context()) == nil })
	if got := sum(t, pool); got != 2 {
		t.Errorf("sum %d, want 2: the migration once", got)
	}
}

func TestOpenStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	address := secret.URL("postgres://souk:hunter2@127.0.0.1:1/orders")
	_, err := pgdb.Open(ctx, pgdb.Config{URL: address, MaxConns: 1}, migrations, slog.New(slog.NewTextHandler(&log, nil)))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "open database: ") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), "it is waited for") || strings.Contains(err.Error()+log.String(), "hunter2") {
		t.Errorf("%v, logged %s", err, log.String())
	}
}

func TestOpenWaitsForAFreeConnection(t *testing.T) {
	t.Parallel()
	server := newOwnServer(t)
	admin, err := server.open(t.Context(), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, statement := range []string{`CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 1`, `GRANT ALL ON ALL TABLES IN SCHEMA public TO few`} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	cfg := pgdb.Config{URL: secret.URL(server.URL("few", "few", "postgres")), MaxConns: 1}
	first, err := pgdb.Open(t.Context(), cfg, migrations, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := pgdb.Open(ctx, cfg, migrations, quiet); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another has the only connection: %v", err)
	}
	first.Close()
	second, err := pgdb.Open(t.Context(), cfg, migrations, quiet)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}
