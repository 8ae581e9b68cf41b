// Package pgtest is responsible for the PostgreSQL that tests run on: a real server, and a database of its
// own for each test.
package pgtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // pgtestdb opens databases through database/sql
	"github.com/peterldowns/pgtestdb"

	"souk/testkit/devserver"
)

// Variable names the admin URL of a server to use instead of starting one.
const Variable = "SOUK_TEST_POSTGRES"

// Main runs the tests of a package with a PostgreSQL server beside them. Call it from TestMain.
func Main(m *testing.M) {
	os.Exit(Run(m.Run))
}

// Run is Main for tests that need other servers too. It returns what run returns: the exit code.
func Run(run func() int) int {
	if os.Getenv(Variable) != "" {
		return run()
	}
	stop, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	defer stop()
	return run()
}

func start() (stop func(), err error) {
	dir, err := os.MkdirTemp("", "souk-pgtest-")
	if err != nil {
		return nil, err
	}
	// The server may run as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	server, err := devserver.StartPostgres(context.Background(), devserver.PostgresConfig{Dir: dir, Fast: true})
	if err != nil {
		return nil, err
	}
	if err := os.Setenv(Variable, server.AdminURL()); err != nil {
		return nil, err
	}
	return func() {
		_ = server.Stop(context.Background())
		_ = os.RemoveAll(dir)
	}, nil
}

// New returns a pool on a new database with the migrations applied. The database ends with the test.
func New(t testing.TB, migrations fs.FS) *pgxpool.Pool {
	t.Helper()
	admin, err := pgx.ParseConfig(os.Getenv(Variable))
	if err != nil || os.Getenv(Variable) == "" {
		t.Fatalf("pgtest: no server; is TestMain calling pgtest.Main? (%v)", err)
	}
	config := pgtestdb.Custom(t, pgtestdb.Config{
		DriverName: "pgx", Host: admin.Host, Port: fmt.Sprint(admin.Port),
		User: admin.User, Password: admin.Password, Database: admin.Database, Options: "sslmode=disable",
	}, migrator{files: migrations})
	pool, err := pgxpool.New(context.Background(), config.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
