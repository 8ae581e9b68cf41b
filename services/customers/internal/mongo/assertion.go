package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// assertionDocument is an assertion that was used. Its _id is the hash of its client and its ID.
type assertionDocument struct {
	Hash      string    `bson:"_id"`
	ExpiresAt time.Time `bson:"expires_at"`
}

// prepareAssertions creates the index for expired assertions.
func (s *Store) prepareAssertions(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "expires_at", Value: 1}}}
	if _, err := s.assertions.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index assertions: %w", err)
	}
	return nil
}

// UseAssertion implements customers.Assertions.
func (s *Store) UseAssertion(ctx context.Context, hash string, expiresAt time.Time) error {
	_, err := s.assertions.InsertOne(ctx, assertionDocument{Hash: hash, ExpiresAt: expiresAt})
	if mongo.IsDuplicateKeyError(err) {
		return customers.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("use assertion: %w", err)
	}
	return nil
}

// DeleteAssertions implements customers.Assertions.
func (s *Store) DeleteAssertions(ctx context.Context, before time.Time) error {
	expired := bson.D{{Key: "expires_at", Value: bson.D{{Key: "$lte", Value: before}}}}
	if _, err := s.assertions.DeleteMany(ctx, expired); err != nil {
		return fmt.Errorf("delete expired assertions: %w", err)
	}
	return nil
}
