package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/services/customers/internal/customers"
)

// mailTokenDocument is a token of a mail. Its _id is the token's hash.
type mailTokenDocument struct {
	Hash            string    `bson:"_id"`
	Kind            string    `bson:"kind"`
	CustomerID      string    `bson:"customer_id"`
	MessageID       string    `bson:"message_id"`
	PasswordVersion int64     `bson:"password_version"`
	ExpiresAt       time.Time `bson:"expires_at"`
}

// AddMailToken implements customers.MailTokens.
func (s *Store) AddMailToken(ctx context.Context, t customers.MailToken) error {
	d := mailTokenDocument{
		Hash: t.Hash, Kind: string(t.Kind), CustomerID: t.CustomerID, MessageID: t.MessageID,
		PasswordVersion: t.PasswordVersion, ExpiresAt: t.ExpiresAt,
	}
	if _, err := s.mailTokens.InsertOne(ctx, d); err != nil {
		return fmt.Errorf("add token: %w", err)
	}
	return nil
}

// FindMailToken implements customers.MailTokens.
func (s *Store) FindMailToken(ctx context.Context, hash string) (customers.MailToken, error) {
	var d mailTokenDocument
	if err := s.mailTokens.FindOne(ctx, byID(hash)).Decode(&d); err != nil {
		return customers.MailToken{}, missing(err, customers.ErrInvalidMailToken, "find token")
	}
	return customers.MailToken{
		Hash: d.Hash, Kind: customers.MailKind(d.Kind), CustomerID: d.CustomerID, MessageID: d.MessageID,
		PasswordVersion: d.PasswordVersion, ExpiresAt: d.ExpiresAt,
	}, nil
}

// DeleteMailTokens implements customers.MailTokens.
func (s *Store) DeleteMailTokens(ctx context.Context, now time.Time) error {
	expired := bson.D{{Key: "expires_at", Value: bson.D{{Key: "$lte", Value: now}}}}
	if _, err := s.mailTokens.DeleteMany(ctx, expired); err != nil {
		return fmt.Errorf("delete expired tokens: %w", err)
	}
	return nil
}
