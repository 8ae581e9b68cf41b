package mongo_test

import (
	"bytes"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/mongotest"

	"souk/services/customers/internal/mongo"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

func TestReplicasPrepareTheStoreAtOnce(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := mongo.New(db).Prepare(t.Context()); err != nil {
				t.Errorf("prepare: %v", err)
			}
		})
	}
	wg.Wait()
	indexes, err := db.Collection("sessions").Indexes().ListSpecifications(t.Context())
	if err != nil || len(indexes) != 2 { // _id's and expires_at's
		t.Errorf("indexes = %v, %v; want 2", indexes, err)
	}
}

func TestTheSigningKeySurvivesARestart(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	first, err := mongo.New(db).SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := mongo.New(db).SigningKey(t.Context())
	if err != nil || second.ID != first.ID || !bytes.Equal(second.Seed, first.Seed) {
		t.Errorf("the key changed from %s to %s (%v)", first.ID, second.ID, err)
	}
	damage := bson.D{{Key: "$set", Value: bson.D{{Key: "seed", Value: []byte{1}}}}}
	if _, err := db.Collection("keys").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "current"}}, damage); err != nil {
		t.Fatal(err)
	}
	if _, err := mongo.New(db).SigningKey(t.Context()); err == nil {
		t.Error("a damaged seed was taken for a key")
	}
}
