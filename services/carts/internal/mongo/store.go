// Package mongo keeps carts in a MongoDB-protocol database, each as one document that is found by its _id.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/carts/internal/carts"
)

const collection = "carts"

// Store implements carts.Store.
type Store struct {
	carts *mongo.Collection
}

var _ carts.Store = (*Store)(nil)

// New returns a store in db.
func New(db *mongo.Database) *Store {
	return &Store{carts: db.Collection(collection)}
}

// Prepare makes the index that the sweep finds expired carts by. Doing it again changes nothing.
func (s *Store) Prepare(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "expires_at", Value: 1}}}
	if _, err := s.carts.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index carts: %w", err)
	}
	return nil
}

// document is a cart as it is stored.
type document struct {
	ID         string    `bson:"_id"`
	CustomerID string    `bson:"customer_id"`
	Lines      []line    `bson:"lines"`
	Merged     []string  `bson:"merged"`
	CheckedOut []string  `bson:"checked_out"`
	ClaimedBy  string    `bson:"claimed_by"`
	Version    int64     `bson:"version"`
	ExpiresAt  time.Time `bson:"expires_at"`
}

type line struct {
	SKU      string `bson:"sku"`
	Quantity int64  `bson:"quantity"`
}

// Find implements carts.Store.
func (s *Store) Find(ctx context.Context, id string) (carts.Cart, error) {
	var d document
	err := s.carts.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) || err == nil && !d.ExpiresAt.After(time.Now()) {
		return carts.Cart{}, carts.ErrNotFound
	}
	if err != nil {
		return carts.Cart{}, fmt.Errorf("find cart: %w", err)
	}
	return cartOf(d), nil
}

// Insert implements carts.Store.
func (s *Store) Insert(ctx context.Context, cart carts.Cart) (bool, error) {
	_, err := s.carts.InsertOne(ctx, documentOf(cart))
	if mongo.IsDuplicateKeyError(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("insert cart: %w", err)
	}
	return true, nil
}

// Replace implements carts.Store.
func (s *Store) Replace(ctx context.Context, cart carts.Cart) (bool, error) {
	filter := bson.D{{Key: "_id", Value: cart.ID}, {Key: "version", Value: cart.Version}}
	d := documentOf(cart)
	d.Version++
	result, err := s.carts.ReplaceOne(ctx, filter, d)
	if err != nil {
		return false, fmt.Errorf("replace cart: %w", err)
	}
	return result.MatchedCount == 1, nil
}

// Delete implements carts.Store.
func (s *Store) Delete(ctx context.Context, id string) error {
	if _, err := s.carts.DeleteOne(ctx, bson.D{{Key: "_id", Value: id}}); err != nil {
		return fmt.Errorf("delete cart: %w", err)
	}
	return nil
}

// Evict implements carts.Store.
func (s *Store) Evict(ctx context.Context, id string, now time.Time) error {
	if _, err := s.carts.DeleteOne(ctx, append(bson.D{{Key: "_id", Value: id}}, ended(now))); err != nil {
		return fmt.Errorf("evict cart: %w", err)
	}
	return nil
}

// DeleteExpired implements carts.Store.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) error {
	filter := bson.D{ended(now)}
	if _, err := s.carts.DeleteMany(ctx, filter); err != nil {
		return fmt.Errorf("delete expired carts: %w", err)
	}
	return nil
}

func ended(now time.Time) bson.E {
	return bson.E{Key: "expires_at", Value: bson.D{{Key: "$lte", Value: now}}}
}

func documentOf(c carts.Cart) document {
	d := document{
		ID: c.ID, CustomerID: c.CustomerID, Lines: make([]line, len(c.Lines)),
		Merged: c.Merged, CheckedOut: c.CheckedOut, ClaimedBy: c.ClaimedBy, Version: c.Version, ExpiresAt: c.ExpiresAt,
	}
	for i, l := range c.Lines {
		d.Lines[i] = line(l)
	}
	return d
}

func cartOf(d document) carts.Cart {
	c := carts.Cart{
		ID: d.ID, CustomerID: d.CustomerID, Merged: d.Merged, CheckedOut: d.CheckedOut, ClaimedBy: d.ClaimedBy,
		Version: d.Version, ExpiresAt: d.ExpiresAt.UTC(),
	}
	for _, l := range d.Lines {
		c.Lines = append(c.Lines, carts.Line(l))
	}
	return c
}
