package app

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/secret"
	"souk/testkit/mongotest"
	"souk/testkit/pgtest"

	"souk/services/carts/internal/postgres"
)

func TestMain(m *testing.M) {
	os.Exit(pgtest.Run(func() int { return mongotest.Run(m.Run) }))
}

func TestCartsOfEarlierVersionsAreCopiedAtTheFirstStart(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	guest := uuid.NewString()
	_, err := db.Collection("carts").InsertOne(t.Context(), bson.M{
		"_id": guest, "customer_id": "", "lines": bson.A{bson.M{"sku": "A", "quantity": int64(2)}},
		"claimed_by": "", "version": int64(1), "expires_at": time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	store, quiet := postgres.New(pgtest.New(t, postgres.Migrations)), slog.New(slog.DiscardHandler)
	uri := secret.URL(os.Getenv(mongotest.Variable) + db.Name())
	if err := copyFrom(t.Context(), uri, store, quiet); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Find(t.Context(), "", guest); err != nil || fmt.Sprint(got.Lines) != "[{A 2}]" {
		t.Errorf("%v, %v; want A 2", got.Lines, err)
	}
	// A later start does not need MongoDB.
	if err := copyFrom(t.Context(), "mongodb://127.0.0.1:1/carts", store, quiet); err != nil {
		t.Errorf("a later start: %v", err)
	}
}
