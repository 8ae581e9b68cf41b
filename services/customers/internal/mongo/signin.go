package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// signInDocument is a sign-in that came back from a provider. Its _id is the hash of the state.
type signInDocument struct {
	ID          string          `bson:"_id"`
	Provider    string          `bson:"provider"`
	BrowserHash string          `bson:"browser_hash"`
	CodeHash    string          `bson:"code_hash"`
	Claims      *claimsDocument `bson:"claims,omitempty"`
	CodeUntil   time.Time       `bson:"code_until"`
	ExpiresAt   time.Time       `bson:"expires_at"`
}

// claimsDocument is what the provider told. It is missing once the code was used.
type claimsDocument struct {
	Issuer        string   `bson:"issuer"`
	Subject       string   `bson:"subject"`
	Email         string   `bson:"email"`
	EmailVerified bool     `bson:"email_verified"`
	Name          string   `bson:"name"`
	DecidesRoles  bool     `bson:"decides_roles"`
	Roles         []string `bson:"roles"`
}

// AddSignIn implements customers.SignIns.
func (s *Store) AddSignIn(ctx context.Context, signIn customers.SignIn) error {
	d := signInDocument{
		ID: signIn.ID, Provider: signIn.Provider, BrowserHash: signIn.BrowserHash, CodeHash: signIn.CodeHash, CodeUntil: signIn.CodeUntil,
		ExpiresAt: signIn.ExpiresAt,
	}
	_, err := s.signIns.InsertOne(ctx, d)
	if mongo.IsDuplicateKeyError(err) {
		return customers.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("add sign-in: %w", err)
	}
	return nil
}

// GrantSignIn implements customers.SignIns.
func (s *Store) GrantSignIn(ctx context.Context, signIn customers.SignIn) error {
	claims := claimsDocument(signIn.Claims)
	return s.setSignIn(ctx, signIn.ID, bson.D{
		{Key: "claims", Value: claims}, {Key: "code_hash", Value: signIn.CodeHash}, {Key: "code_until", Value: signIn.CodeUntil},
	})
}

// FindSignIn implements customers.SignIns.
func (s *Store) FindSignIn(ctx context.Context, id string) (customers.SignIn, error) {
	var d signInDocument
	if err := s.signIns.FindOne(ctx, byID(id)).Decode(&d); err != nil {
		return customers.SignIn{}, missing(err, customers.ErrInvalidSignInCode, "find sign-in")
	}
	signIn := customers.SignIn{
		ID: d.ID, Provider: d.Provider, BrowserHash: d.BrowserHash, CodeHash: d.CodeHash, CodeUntil: d.CodeUntil.UTC(), ExpiresAt: d.ExpiresAt.UTC(),
	}
	if d.Claims != nil {
		signIn.Claims = customers.Claims(*d.Claims)
	}
	return signIn, nil
}

// ProlongSignIn implements customers.SignIns.
func (s *Store) ProlongSignIn(ctx context.Context, id string, until time.Time) error {
	return s.setSignIn(ctx, id, bson.D{{Key: "code_until", Value: until}})
}

func (s *Store) setSignIn(ctx context.Context, id string, set bson.D) error {
	if _, err := s.signIns.UpdateOne(ctx, byID(id), bson.D{{Key: "$set", Value: set}}); err != nil {
		return fmt.Errorf("change sign-in: %w", err)
	}
	return nil
}

// UseSignIn implements customers.SignIns.
func (s *Store) UseSignIn(ctx context.Context, signIn customers.SignIn) error {
	filter := append(byID(signIn.ID), bson.E{Key: "code_hash", Value: signIn.CodeHash})
	result, err := s.signIns.UpdateOne(ctx, filter, bson.D{
		{Key: "$set", Value: bson.D{{Key: "code_hash", Value: ""}}}, {Key: "$unset", Value: bson.D{{Key: "claims", Value: ""}}},
	})
	if err != nil {
		return fmt.Errorf("use sign-in: %w", err)
	}
	if result.ModifiedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// DeleteSignIns implements customers.SignIns.
func (s *Store) DeleteSignIns(ctx context.Context, now time.Time) error {
	expired := bson.D{{Key: "expires_at", Value: bson.D{{Key: "$lte", Value: now}}}}
	if _, err := s.signIns.DeleteMany(ctx, expired); err != nil {
		return fmt.Errorf("delete expired sign-ins: %w", err)
	}
	return nil
}
