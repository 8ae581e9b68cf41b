package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// emailChange is a change of an address that is being made. Its _id is the account, so that there is one at a time.
type emailChange struct {
	CustomerID      string    `bson:"_id"`
	From            string    `bson:"from"`
	To              string    `bson:"to"`
	MessageID       string    `bson:"message_id"`
	PasswordVersion int64     `bson:"password_version"`
	At              time.Time `bson:"at"`
}

// prepareEmailChanges creates the index for old changes.
func (s *Store) prepareEmailChanges(ctx context.Context) error {
	if _, err := s.emailChanges.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "at", Value: 1}}}); err != nil {
		return fmt.Errorf("index changes of addresses: %w", err)
	}
	return nil
}

// SetNextAddress implements customers.EmailChanges.
func (s *Store) SetNextAddress(ctx context.Context, c customers.Customer, address, messageID string) error {
	return s.changeMailbox(ctx, ownedBy(c), bson.D{{Key: "$set", Value: bson.D{
		{Key: "next_address", Value: address}, {Key: "newest." + string(customers.ChangeEmail), Value: messageID},
	}}})
}

// BeginEmailChange implements customers.EmailChanges.
func (s *Store) BeginEmailChange(ctx context.Context, change customers.EmailChange) error {
	_, err := s.emailChanges.InsertOne(ctx, emailChange(change))
	if mongo.IsDuplicateKeyError(err) {
		return customers.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("begin change of address: %w", err)
	}
	return nil
}

// ClaimEmail implements customers.EmailChanges.
func (s *Store) ClaimEmail(ctx context.Context, change customers.EmailChange) error {
	known, err := s.FindMailbox(ctx, customers.Customer{ID: change.CustomerID, Email: change.From})
	if err != nil && !errors.Is(err, customers.ErrNotFound) {
		return err
	}
	_, err = s.emails.InsertOne(ctx, emailDocument{
		Email: change.To, CustomerID: change.CustomerID, VerifiedAt: &change.At, Devices: known.Devices,
	})
	if !mongo.IsDuplicateKeyError(err) {
		if err != nil {
			return fmt.Errorf("claim e-mail: %w", err)
		}
		return nil
	}
	owned, err := s.owns(ctx, change.CustomerID, change.To)
	if err == nil && !owned {
		return customers.ErrEmailTaken
	}
	return err
}

// ReleaseEmail implements customers.EmailChanges.
func (s *Store) ReleaseEmail(ctx context.Context, address, customerID string) error {
	if _, err := s.emails.DeleteOne(ctx, ownedBy(customers.Customer{ID: customerID, Email: address})); err != nil {
		return fmt.Errorf("release e-mail: %w", err)
	}
	return nil
}

// EndEmailChange implements customers.EmailChanges.
func (s *Store) EndEmailChange(ctx context.Context, change customers.EmailChange) error {
	filter := append(byID(change.CustomerID), bson.E{Key: "message_id", Value: change.MessageID})
	if _, err := s.emailChanges.DeleteOne(ctx, filter); err != nil {
		return fmt.Errorf("end change of address: %w", err)
	}
	return nil
}

// EmailChangesBefore implements customers.EmailChanges.
func (s *Store) EmailChangesBefore(ctx context.Context, before time.Time, limit int) ([]customers.EmailChange, error) {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: before}}}}
	found, err := find[emailChange](ctx, s.emailChanges, filter, oldestFirst, limit, "find changes of addresses")
	if err != nil {
		return nil, err
	}
	changes := make([]customers.EmailChange, len(found))
	for i, d := range found {
		changes[i] = customers.EmailChange(d)
	}
	return changes, nil
}
