package mongo_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/testkit/mongotest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/mongo"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

// document returns a cart as earlier versions stored it.
func document(id, customer string, expires time.Time) bson.M {
	return bson.M{
		"_id": id, "customer_id": customer, "lines": bson.A{bson.M{"sku": "B", "quantity": int64(2)}, bson.M{"sku": "A", "quantity": int64(1)}},
		"merged": bson.A{"g1"}, "checked_out": nil, "claimed_by": "", "version": int64(3), "expires_at": expires,
	}
}

func TestEachReadsAllLiveCartsCustomersFirst(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	var documents []any
	for i := range 250 {
		id := uuid.NewString()
		documents = append(documents, document(id, []string{"", id}[i%2], expires), document(uuid.NewString(), "", time.Now().Add(-time.Minute)))
	}
	if _, err := db.Collection("carts").InsertMany(t.Context(), documents); err != nil {
		t.Fatal(err)
	}
	var got []carts.Former
	batches := 0
	err := mongo.Each(t.Context(), db, func(batch []carts.Former) error {
		got = append(got, batch...)
		batches++
		return nil
	})
	if err != nil || len(got) != 250 || batches < 4 {
		t.Fatalf("%d carts in %d batches, %v; want 250 in 4 or more", len(got), batches, err)
	}
	firstGuest := slices.IndexFunc(got, func(f carts.Former) bool { return f.CustomerID == "" })
	for i, f := range got {
		if (f.CustomerID == "") != (i >= firstGuest) {
			t.Errorf("cart %d is of %q, the first guest's is cart %d", i, f.CustomerID, firstGuest)
		}
		if fmt.Sprint(f.Lines, f.Merged, f.CheckedOut) != "[{B 2} {A 1}] [g1] []" || !f.ExpiresAt.Equal(expires) {
			t.Errorf("%+v", f)
		}
	}
}

func TestEachReturnsTheErrorOfTake(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	if err := mongo.Each(t.Context(), db, nil); err != nil {
		t.Errorf("no carts: %v", err)
	}
	if _, err := db.Collection("carts").InsertOne(t.Context(), document("c", "", time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	if err := mongo.Each(t.Context(), db, func([]carts.Former) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
}
