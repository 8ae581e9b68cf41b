package mongo_test

import (
	"sync"
	"testing"

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
	if err != nil || len(indexes) != 3 { // _id's, expires_at's and customer_id's
		t.Errorf("indexes = %v, %v; want 3", indexes, err)
	}
}
