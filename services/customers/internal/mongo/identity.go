package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// identityDocument links an identity to an account. Its _id is the issuer and the subject, which no URL has a space in between.
type identityDocument struct {
	ID              string    `bson:"_id"`
	Issuer          string    `bson:"issuer"`
	Subject         string    `bson:"subject"`
	CustomerID      string    `bson:"customer_id"`
	Provider        string    `bson:"provider"`
	Email           string    `bson:"email"`
	PasswordVersion int64     `bson:"password_version"`
	LinkedAt        time.Time `bson:"linked_at"`
}

// identitiesAtOnce is the largest number of identities of an account that are read.
const identitiesAtOnce = 1000

func (s *Store) prepareIdentities(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "customer_id", Value: 1}}}
	if _, err := s.identities.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index identities: %w", err)
	}
	index = mongo.IndexModel{Keys: bson.D{{Key: "expires_at", Value: 1}}}
	if _, err := s.signIns.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index sign-ins: %w", err)
	}
	return nil
}

func identityID(issuer, subject string) string { return issuer + " " + subject }

// linkedTo finds an identity, if it is linked as it was.
func linkedTo(i customers.Identity) bson.D {
	return append(byID(identityID(i.Issuer, i.Subject)),
		bson.E{Key: "customer_id", Value: i.CustomerID}, bson.E{Key: "password_version", Value: i.PasswordVersion})
}

func ofCustomer(id string) bson.D { return bson.D{{Key: "customer_id", Value: id}} }

// FindIdentity implements customers.Identities.
func (s *Store) FindIdentity(ctx context.Context, issuer, subject string) (customers.Identity, error) {
	var d identityDocument
	if err := s.identities.FindOne(ctx, byID(identityID(issuer, subject))).Decode(&d); err != nil {
		return customers.Identity{}, missing(err, customers.ErrNoIdentity, "find identity")
	}
	return d.identity(), nil
}

// PutIdentity implements customers.Identities.
func (s *Store) PutIdentity(ctx context.Context, i customers.Identity, was *customers.Identity) error {
	d := identityDocument{
		ID: identityID(i.Issuer, i.Subject), Issuer: i.Issuer, Subject: i.Subject, CustomerID: i.CustomerID, Provider: i.Provider, Email: i.Email,
		PasswordVersion: i.PasswordVersion, LinkedAt: i.LinkedAt,
	}
	if was == nil {
		_, err := s.identities.InsertOne(ctx, d)
		if mongo.IsDuplicateKeyError(err) {
			return customers.ErrChanged
		}
		if err != nil {
			return fmt.Errorf("link identity: %w", err)
		}
		return nil
	}
	result, err := s.identities.ReplaceOne(ctx, linkedTo(*was), d)
	if err != nil {
		return fmt.Errorf("link identity: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// DeleteIdentity implements customers.Identities.
func (s *Store) DeleteIdentity(ctx context.Context, i customers.Identity) error {
	if _, err := s.identities.DeleteOne(ctx, linkedTo(i)); err != nil {
		return fmt.Errorf("delete identity: %w", err)
	}
	return nil
}

// IdentitiesOf implements customers.Identities.
func (s *Store) IdentitiesOf(ctx context.Context, customerID string) ([]customers.Identity, error) {
	oldest := bson.D{{Key: "linked_at", Value: 1}, {Key: "_id", Value: 1}}
	documents, err := find[identityDocument](ctx, s.identities, ofCustomer(customerID), oldest, identitiesAtOnce, "find identities")
	if err != nil {
		return nil, err
	}
	found := make([]customers.Identity, len(documents))
	for i, d := range documents {
		found[i] = d.identity()
	}
	return found, nil
}

// KeepIdentities implements customers.Identities.
func (s *Store) KeepIdentities(ctx context.Context, customerID string, from, to int64) error {
	filter := append(ofCustomer(customerID), bson.E{Key: "password_version", Value: from})
	update := bson.D{{Key: "$set", Value: bson.D{{Key: "password_version", Value: to}}}}
	if _, err := s.identities.UpdateMany(ctx, filter, update); err != nil {
		return fmt.Errorf("keep identities: %w", err)
	}
	return nil
}

// deleteIdentities deletes all identities of an account.
func (s *Store) deleteIdentities(ctx context.Context, customerID string) error {
	if _, err := s.identities.DeleteMany(ctx, ofCustomer(customerID)); err != nil {
		return fmt.Errorf("delete identities: %w", err)
	}
	return nil
}

func (d identityDocument) identity() customers.Identity {
	return customers.Identity{
		Issuer: d.Issuer, Subject: d.Subject, CustomerID: d.CustomerID, Provider: d.Provider, Email: d.Email,
		PasswordVersion: d.PasswordVersion, LinkedAt: d.LinkedAt.UTC(),
	}
}
