package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/services/customers/internal/customers"
)

// secondFactorDocument is the second factor of an account, whose ID is its _id.
type secondFactorDocument struct {
	CustomerID     string    `bson:"_id"`
	Secret         string    `bson:"secret"`
	Confirmed      bool      `bson:"confirmed"`
	LastStep       int64     `bson:"last_step"`
	RecoveryHashes []string  `bson:"recovery_hashes"`
	CreatedAt      time.Time `bson:"created_at"`
}

func secondFactorDocumentOf(f customers.SecondFactor) secondFactorDocument {
	return secondFactorDocument{
		CustomerID: f.CustomerID, Secret: string(f.Secret), Confirmed: f.Confirmed, LastStep: f.LastStep, RecoveryHashes: f.RecoveryHashes,
		CreatedAt: f.CreatedAt,
	}
}

// ofSecret finds a second factor unless it was replaced by another.
func ofSecret(f customers.SecondFactor, confirmed bool) bson.D {
	return append(byID(f.CustomerID), bson.E{Key: "secret", Value: string(f.Secret)}, bson.E{Key: "confirmed", Value: confirmed})
}

// FindSecondFactor implements customers.SecondFactors.
func (s *Store) FindSecondFactor(ctx context.Context, customerID string) (customers.SecondFactor, error) {
	var d secondFactorDocument
	if err := s.secondFactors.FindOne(ctx, byID(customerID)).Decode(&d); err != nil {
		return customers.SecondFactor{}, missing(err, customers.ErrNoSecondFactor, "find second factor")
	}
	return customers.SecondFactor{
		CustomerID: d.CustomerID, Secret: customers.Secret(d.Secret), Confirmed: d.Confirmed, LastStep: d.LastStep,
		RecoveryHashes: d.RecoveryHashes, CreatedAt: d.CreatedAt.UTC(),
	}, nil
}

// StartSecondFactor implements customers.SecondFactors. If there is a confirmed one, the upsert inserts a second document with its _id.
func (s *Store) StartSecondFactor(ctx context.Context, f customers.SecondFactor) error {
	filter := append(byID(f.CustomerID), bson.E{Key: "confirmed", Value: false})
	_, err := s.secondFactors.ReplaceOne(ctx, filter, secondFactorDocumentOf(f), options.Replace().SetUpsert(true))
	if mongo.IsDuplicateKeyError(err) {
		return customers.ErrSecondFactorActive
	}
	if err != nil {
		return fmt.Errorf("start second factor: %w", err)
	}
	return nil
}

// ConfirmSecondFactor implements customers.SecondFactors.
func (s *Store) ConfirmSecondFactor(ctx context.Context, f customers.SecondFactor) error {
	result, err := s.secondFactors.ReplaceOne(ctx, ofSecret(f, false), secondFactorDocumentOf(f))
	if err != nil {
		return fmt.Errorf("confirm second factor: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// UseStep implements customers.SecondFactors.
func (s *Store) UseStep(ctx context.Context, f customers.SecondFactor, step int64) error {
	filter := append(ofSecret(f, true), bson.E{Key: "last_step", Value: bson.D{{Key: "$lt", Value: step}}})
	return s.useCode(ctx, filter, bson.D{{Key: "$set", Value: bson.D{{Key: "last_step", Value: step}}}})
}

// UseRecoveryCode implements customers.SecondFactors.
func (s *Store) UseRecoveryCode(ctx context.Context, f customers.SecondFactor, hash string) error {
	filter := append(ofSecret(f, true), bson.E{Key: "recovery_hashes", Value: hash})
	return s.useCode(ctx, filter, bson.D{{Key: "$pull", Value: bson.D{{Key: "recovery_hashes", Value: hash}}}})
}

func (s *Store) useCode(ctx context.Context, filter, update bson.D) error {
	result, err := s.secondFactors.UpdateOne(ctx, filter, update)
	if err != nil {
		return fmt.Errorf("use code: %w", err)
	}
	if result.ModifiedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// DeleteSecondFactor implements customers.SecondFactors.
func (s *Store) DeleteSecondFactor(ctx context.Context, customerID string) error {
	if _, err := s.secondFactors.DeleteOne(ctx, byID(customerID)); err != nil {
		return fmt.Errorf("delete second factor: %w", err)
	}
	return nil
}
