package mongo_test

import (
	"sync"
	"testing"

	"souk/testkit/mongotest"

	"souk/services/customers/internal/mongo"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

func TestReplicasPrepareTheStoreConcurrently(t *testing.T) {
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
	// The indexes on _id, expires_at and customer_id; on _id and at; those of the audit log's filters; on _id and at; on _id, due_at and
	// created_at; on _id and expires_at; on _id and roles; on _id and secret_hash.
	for collection, want := range map[string]int{"sessions": 3, "intents": 2, "audit_entries": 5, "audit_unlogged": 2, "outbox": 3, "mail_tokens": 2, "customers": 2, "clients": 2} {
		indexes, err := db.Collection(collection).Indexes().ListSpecifications(t.Context())
		if err != nil || len(indexes) != want {
			t.Errorf("indexes of %s = %v, %v; want %d", collection, indexes, err, want)
		}
	}
}
