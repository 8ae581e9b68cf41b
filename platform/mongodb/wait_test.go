package mongodb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/mongodb"
	"souk/platform/secret"
	"souk/testkit/devserver"
)

func startMongo(t *testing.T, dir string, port int) *devserver.Mongo {
	t.Helper()
	server, err := devserver.StartMongo(t.Context(), devserver.MongoConfig{Dir: dir, Port: port, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

func TestOpenWaitsForADatabaseThatIsDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	port, err := devserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	type opened struct {
		db  *mongo.Database
		err error
	}
	done := make(chan opened, 1)
	go func() {
		db, err := mongodb.Open(t.Context(), mongodb.Config{URI: secret.URL(fmt.Sprintf("mongodb://127.0.0.1:%d/carts", port))}, quiet)
		done <- opened{db, err}
	}()
	server := startMongo(t, dir, port)
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	t.Cleanup(func() { _ = o.db.Client().Disconnect(context.Background()) })
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() {
		worked <- mongodb.Await(t.Context(), quiet, func(ctx context.Context) error {
			_, err := o.db.Collection("carts").Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "x", Value: 1}}})
			return err
		})
	}()
	startMongo(t, dir, port)
	back := time.Now()
	if err := o.db.Client().Ping(t.Context(), nil); err != nil {
		t.Errorf("once it is back: %v", err)
	}
	took := time.Since(back)
	if took > 2*time.Second {
		t.Errorf("it answers %v after its return", took)
	}
	t.Logf("measured: it answers %v after its return", took)
	if err := <-worked; err != nil {
		t.Errorf("work begun while it was away: %v", err)
	}
}

func TestOpenStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := mongodb.Open(ctx, mongodb.Config{URI: "mongodb://souk:hunter2@127.0.0.1:1/carts"}, slog.New(slog.NewTextHandler(&log, nil)))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "open database: ") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), "it is waited for") || strings.Contains(err.Error()+log.String(), "hunter2") {
		t.Errorf("%v, logged %s", err, log.String())
	}
}

func TestAnAccountThatIsRefusedIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	server := startMongo(t, t.TempDir(), 0)
	uri := fmt.Sprintf("mongodb://souk:hunter2@127.0.0.1:%d/carts?authSource=admin", server.Port())
	start := time.Now()
	_, err := mongodb.Open(t.Context(), mongodb.Config{URI: secret.URL(uri)}, quiet)
	if err == nil || strings.Contains(err.Error(), "hunter2") || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
