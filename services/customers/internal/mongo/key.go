package mongo

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/google/uuid"

	"souk/platform/audit"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

// keyDocument is a signing key. Its _id is its number, so that only one of several replicas can add the next key.
type keyDocument struct {
	ID   string `bson:"_id"`
	Kid  string `bson:"kid"`
	Seed []byte `bson:"seed"`
	// SignsFrom is missing in the first key, which signed at once.
	SignsFrom time.Time `bson:"signs_from,omitempty"`
	CreatedAt time.Time `bson:"created_at"`
	// Unlogged is the record of the key's creation. It is missing once it is in the audit log.
	Unlogged *recordDocument `bson:"unlogged,omitempty"`
}

// firstKey is the _id of the only key from before keys were rotated. Its number is 0.
const firstKey = "current"

// Keys implements token.Store. It also adds keys to the audit log whose creation was interrupted.
func (s *Store) Keys(ctx context.Context) ([]token.Key, error) {
	cursor, err := s.keys.Find(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("find keys: %w", err)
	}
	var documents []keyDocument
	if err := cursor.All(ctx, &documents); err != nil {
		return nil, fmt.Errorf("find keys: %w", err)
	}
	keys := make([]token.Key, len(documents))
	for i, d := range documents {
		number, err := keyNumber(d.ID)
		if err != nil {
			return nil, err
		}
		if err := s.logKey(ctx, d); err != nil {
			return nil, err
		}
		if d.SignsFrom.IsZero() {
			d.SignsFrom = d.CreatedAt
		}
		keys[i] = token.Key{Number: number, ID: d.Kid, Seed: customers.Secret(d.Seed), SignsFrom: d.SignsFrom.UTC()}
	}
	return keys, nil
}

// InsertKey implements token.Store.
func (s *Store) InsertKey(ctx context.Context, key token.Key) error {
	added, err := audit.NewRecord(ctx, audit.Entry{Action: audit.SigningKeyAdded, Kind: audit.SigningKey, Subject: key.ID})
	if err != nil {
		return err
	}
	d := keyDocument{
		ID: keyID(key.Number), Kid: key.ID, Seed: []byte(key.Seed), SignsFrom: key.SignsFrom, CreatedAt: time.Now(),
		Unlogged: new(recordOf(added)),
	}
	if _, err := s.keys.InsertOne(ctx, d); err != nil && !mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("insert key: %w", err)
	}
	return nil
}

// logKey moves the record of a key's creation to the audit log.
func (s *Store) logKey(ctx context.Context, d keyDocument) error {
	if d.Unlogged == nil {
		return nil
	}
	if err := s.addToLog(ctx, *d.Unlogged); err != nil {
		return err
	}
	if _, err := s.keys.UpdateOne(ctx, byID(d.ID), forget); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	return nil
}

// DeleteKey implements token.Store. The record comes first: after a crash in between, the key is deleted the next time. Its ID is
// derived from the key's, so that several replicas record a deletion once.
func (s *Store) DeleteKey(ctx context.Context, key token.Key) error {
	retired, err := audit.NewRecord(ctx, audit.Entry{Action: audit.SigningKeyRetired, Kind: audit.SigningKey, Subject: key.ID})
	if err != nil {
		return err
	}
	retired.ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("signing key retired: "+key.ID)).String()
	if err := s.addToLog(ctx, recordOf(retired)); err != nil {
		return err
	}
	if _, err := s.keys.DeleteOne(ctx, byID(keyID(key.Number))); err != nil {
		return fmt.Errorf("delete key: %w", err)
	}
	return nil
}

func keyID(number int64) string {
	if number == 0 {
		return firstKey
	}
	return strconv.FormatInt(number, 10)
}

func keyNumber(id string) (int64, error) {
	if id == firstKey {
		return 0, nil
	}
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("signing key: %q is no number", id)
	}
	return number, nil
}
