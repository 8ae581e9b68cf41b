// Package mongotest is responsible for the MongoDB-protocol server that tests run on: FerretDB, with a
// database of its own for each test.
package mongotest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/mongodb"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

// Variable names the URL of a server to use instead of starting one.
const Variable = "SOUK_TEST_MONGO"

// Main runs the tests of a package with a server beside them. Call it from TestMain.
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
		fmt.Fprintln(os.Stderr, "mongotest:", err)
		return 1
	}
	defer stop()
	return run()
}

func start() (stop func(), err error) {
	dir, err := os.MkdirTemp("", "souk-mongotest-")
	if err != nil {
		return nil, err
	}
	server, err := devserver.StartMongo(context.Background(), devserver.MongoConfig{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := os.Setenv(Variable, server.URL()); err != nil {
		return nil, err
	}
	return func() {
		_ = server.Stop(context.Background())
		_ = os.RemoveAll(dir)
	}, nil
}

var databases atomic.Int64

// New returns an empty database, which ends with the test.
func New(t testing.TB) *mongo.Database {
	t.Helper()
	uri, err := url.Parse(os.Getenv(Variable))
	if err != nil || uri.Host == "" {
		t.Fatalf("mongotest: no server; is TestMain calling mongotest.Main? (%v)", err)
	}
	uri.Path = fmt.Sprintf("/test_%d_%d", os.Getpid(), databases.Add(1))
	db, err := mongodb.Open(t.Context(), mongodb.Config{URI: secret.URL(uri.String())}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := db.Drop(ctx); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
		_ = db.Client().Disconnect(ctx)
	})
	return db
}
