package mongo_test

import (
	"crypto/ed25519"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/access"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

const month = 30 * 24 * time.Hour

// insertFirstKey inserts a key as it was stored before keys were rotated.
func insertFirstKey(t *testing.T, db *driver.Database, made time.Time) (kid string) {
	t.Helper()
	document := bson.D{
		{Key: "_id", Value: "current"}, {Key: "kid", Value: "0b9f0a52-2b0e-4b0e-9d5e-3f1f0f5c7a11"},
		{Key: "seed", Value: []byte("0123456789abcdef0123456789abcdef")}, {Key: "created_at", Value: made},
	}
	if _, err := db.Collection("keys").InsertOne(t.Context(), document); err != nil {
		t.Fatal(err)
	}
	return document[1].Value.(string)
}

func newIssuer(t *testing.T, db *driver.Database) *token.Issuer {
	t.Helper()
	issuer, err := token.NewIssuer(t.Context(), mongo.New(db), month)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

// kids returns the IDs of the keys that an issuer publishes.
func kids(issuer *token.Issuer) []string {
	var ids []string
	for _, key := range issuer.Published() {
		ids = append(ids, key.ID)
	}
	return ids
}

func TestReplicasStartingAtOnceShareOneKey(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	issuers := make([]*token.Issuer, 5)
	var wg sync.WaitGroup
	for i := range issuers {
		wg.Go(func() { issuers[i] = newIssuer(t, db) })
	}
	wg.Wait()
	issuers = append(issuers, newIssuer(t, db))
	for _, issuer := range issuers {
		if got := kids(issuer); len(got) != 1 || got[0] != kids(issuers[0])[0] {
			t.Errorf("a replica has the keys %v and the first %v", got, kids(issuers[0]))
		}
	}
}

func TestTheKeyFromBeforeRotationIsUsedUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	kid := insertFirstKey(t, db, time.Now().Add(-40*24*time.Hour))
	replicas := make([]*token.Issuer, 5)
	var wg sync.WaitGroup
	for i := range replicas {
		wg.Go(func() { replicas[i] = newIssuer(t, db) })
	}
	wg.Wait()
	key, err := replicas[0].Key(t.Context(), kid)
	if err != nil || !key.Equal(ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef")).Public()) {
		t.Errorf("the key from before: %v, %v", key, err)
	}
	for _, replica := range replicas {
		if got := kids(replica); len(got) != 2 || got[0] != kid || got[1] != kids(replicas[0])[1] {
			t.Errorf("a replica has the keys %v, want %s and one next for all", got, kid)
		}
	}
	signed, _, err := replicas[1].Issue(customers.Customer{ID: "ada"}, "session")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := access.NewVerifier(replicas[2]).Verify(t.Context(), string(signed)); err != nil {
		t.Errorf("a token of one replica at another: %v", err)
	}
	// Makes the key an hour older.
	age(t, db, kids(replicas[0])[1], time.Now().Add(-time.Hour))
	fresh := newIssuer(t, db)
	if got := kids(fresh); len(got) != 1 || got[0] == kid {
		t.Errorf("the keys are %v once the old one's tokens have ended, want the next alone", got)
	}
	if n, err := db.Collection("keys").CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
		t.Errorf("%d keys are stored, %v; want 1", n, err)
	}
}

func age(t *testing.T, db *driver.Database, kid string, signsFrom time.Time) {
	t.Helper()
	set := bson.D{{Key: "$set", Value: bson.D{{Key: "signs_from", Value: signsFrom}}}}
	if _, err := db.Collection("keys").UpdateOne(t.Context(), bson.D{{Key: "kid", Value: kid}}, set); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedKeyIsAnError(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	issuer := newIssuer(t, db)
	damage := bson.D{{Key: "$set", Value: bson.D{{Key: "seed", Value: []byte{1}}}}}
	if _, err := db.Collection("keys").UpdateOne(t.Context(), bson.D{}, damage); err != nil {
		t.Fatal(err)
	}
	if _, err := token.NewIssuer(t.Context(), mongo.New(db), month); err == nil {
		t.Error("a damaged seed was taken for a key")
	}
	if err := issuer.Rotate(t.Context()); err == nil || len(issuer.Published()) != 1 {
		t.Errorf("rotate: %v with %d keys left; want an error, and the key it has", err, len(issuer.Published()))
	}
}
