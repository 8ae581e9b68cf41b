// Package mongo keeps accounts, sessions and the signing key in a MongoDB-protocol database.
//
// An e-mail belongs to an account by a document of its own, whose _id is the e-mail: the one thing that every
// MongoDB-protocol server keeps unique under a race without further ado.
package mongo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

// Store implements customers.Store.
type Store struct {
	accounts, emails, sessions, keys *mongo.Collection
}

var _ customers.Store = (*Store)(nil)

// New returns a store in db.
func New(db *mongo.Database) *Store {
	return &Store{
		accounts: db.Collection("customers"), emails: db.Collection("emails"),
		sessions: db.Collection("sessions"), keys: db.Collection("keys"),
	}
}

// Prepare makes the index that the sweep finds expired sessions by. Doing it again changes nothing.
func (s *Store) Prepare(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "expires_at", Value: 1}}}
	if _, err := s.sessions.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index sessions: %w", err)
	}
	return nil
}

type keyDocument struct {
	ID        string    `bson:"_id"`
	Kid       string    `bson:"kid"`
	Seed      []byte    `bson:"seed"`
	CreatedAt time.Time `bson:"created_at"`
}

// SigningKey returns the shop's signing key. The first replica that asks makes it; the others find it.
func (s *Store) SigningKey(ctx context.Context) (token.Key, error) {
	const current = "current"
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return token.Key{}, err
	}
	_, err := s.keys.InsertOne(ctx, keyDocument{ID: current, Kid: uuid.NewString(), Seed: seed, CreatedAt: time.Now()})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return token.Key{}, fmt.Errorf("signing key: %w", err)
	}
	var d keyDocument
	if err := s.keys.FindOne(ctx, byID(current)).Decode(&d); err != nil {
		return token.Key{}, fmt.Errorf("signing key: %w", err)
	}
	if len(d.Seed) != ed25519.SeedSize {
		return token.Key{}, fmt.Errorf("signing key: the stored seed has %d bytes", len(d.Seed))
	}
	return token.Key{ID: d.Kid, Seed: d.Seed}, nil
}

func byID(id string) bson.D {
	return bson.D{{Key: "_id", Value: id}}
}

// missing returns the error for a document that does not exist, or wraps err with the operation.
func missing(err, notFound error, operation string) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return notFound
	}
	return fmt.Errorf("%s: %w", operation, err)
}
