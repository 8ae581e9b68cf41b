package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/audit"

	"souk/services/customers/internal/customers"
)

// clientDocument is a client of a partner.
type clientDocument struct {
	ID         string    `bson:"_id"`
	Name       string    `bson:"name"`
	Kind       string    `bson:"kind"`
	Scopes     []string  `bson:"scopes"`
	SecretHash []byte    `bson:"secret_hash,omitempty"`
	PublicKey  string    `bson:"public_key,omitempty"`
	CreatedAt  time.Time `bson:"created_at"`
	ExpiresAt  time.Time `bson:"expires_at,omitempty"`
	LastUsedAt time.Time `bson:"last_used_at,omitempty"`
	// Unlogged is the record of the client's creation. It is missing once it is in the audit log.
	Unlogged *recordDocument `bson:"unlogged,omitempty"`
}

// prepareClients creates the index for API keys.
func (s *Store) prepareClients(ctx context.Context) error {
	index := mongo.IndexModel{Keys: bson.D{{Key: "secret_hash", Value: 1}}}
	if _, err := s.clients.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index clients: %w", err)
	}
	return nil
}

// InsertClient implements customers.Clients. If the process dies before the record is in the log, whoever reads the client next moves it
// there.
func (s *Store) InsertClient(ctx context.Context, c customers.Client, created audit.Record) error {
	d := documentOfClient(c, created)
	_, err := s.clients.InsertOne(ctx, d)
	if mongo.IsDuplicateKeyError(err) {
		return customers.ErrClientExists
	}
	if err != nil {
		return fmt.Errorf("insert client: %w", err)
	}
	return s.logClient(ctx, d)
}

// ReplaceClient implements customers.Clients.
func (s *Store) ReplaceClient(ctx context.Context, old, c customers.Client, created audit.Record) error {
	d := documentOfClient(c, created)
	asRead := bson.D{{Key: "_id", Value: old.ID}, {Key: "secret_hash", Value: old.SecretHash}, {Key: "created_at", Value: old.CreatedAt}}
	result, err := s.clients.ReplaceOne(ctx, asRead, d)
	if err != nil {
		return fmt.Errorf("replace client: %w", err)
	}
	if result.MatchedCount == 0 {
		return nil
	}
	return s.logClient(ctx, d)
}

func documentOfClient(c customers.Client, created audit.Record) clientDocument {
	return clientDocument{
		ID: c.ID, Name: c.Name, Kind: string(c.Kind), Scopes: c.Scopes, SecretHash: c.SecretHash, PublicKey: c.PublicKey, CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt,
		Unlogged: new(recordOf(created)),
	}
}

// logClient moves the record of a client's creation to the audit log.
func (s *Store) logClient(ctx context.Context, d clientDocument) error {
	if d.Unlogged == nil {
		return nil
	}
	if err := s.addToLog(ctx, *d.Unlogged); err != nil {
		return err
	}
	if _, err := s.clients.UpdateOne(ctx, byID(d.ID), forget); err != nil {
		return fmt.Errorf("log client: %w", err)
	}
	return nil
}

// FindClient implements customers.Clients.
func (s *Store) FindClient(ctx context.Context, id string) (customers.Client, error) {
	return s.findClient(ctx, byID(id))
}

// FindClientByHash implements customers.Clients.
func (s *Store) FindClientByHash(ctx context.Context, hash []byte) (customers.Client, error) {
	return s.findClient(ctx, bson.D{{Key: "secret_hash", Value: hash}})
}

func (s *Store) findClient(ctx context.Context, filter bson.D) (customers.Client, error) {
	var d clientDocument
	if err := s.clients.FindOne(ctx, filter).Decode(&d); err != nil {
		return customers.Client{}, missing(err, customers.ErrInvalidClient, "find client")
	}
	return d.client(), s.logClient(ctx, d)
}

// ListClients implements customers.Clients.
func (s *Store) ListClients(ctx context.Context, after string, limit int) ([]customers.Client, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}
	documents, err := find[clientDocument](ctx, s.clients, filter, idAscending, limit, "find clients")
	if err != nil {
		return nil, err
	}
	found := make([]customers.Client, len(documents))
	for i, d := range documents {
		if err := s.logClient(ctx, d); err != nil {
			return nil, err
		}
		found[i] = d.client()
	}
	return found, nil
}

// UseClient implements customers.Clients.
func (s *Store) UseClient(ctx context.Context, id string, at time.Time) error {
	set := bson.D{{Key: "$set", Value: bson.D{{Key: "last_used_at", Value: at}}}}
	if _, err := s.clients.UpdateOne(ctx, byID(id), set); err != nil {
		return fmt.Errorf("use client: %w", err)
	}
	return nil
}

// DeleteClient implements customers.Clients. The record comes first: after a crash in between, the client is deleted the next time.
func (s *Store) DeleteClient(ctx context.Context, id string, deleted audit.Record) error {
	if err := s.addToLog(ctx, recordOf(deleted)); err != nil {
		return err
	}
	if _, err := s.clients.DeleteOne(ctx, byID(id)); err != nil {
		return fmt.Errorf("delete client: %w", err)
	}
	return nil
}

func (d clientDocument) client() customers.Client {
	return customers.Client{
		ID: d.ID, Name: d.Name, Kind: customers.ClientKind(d.Kind), Scopes: d.Scopes, SecretHash: d.SecretHash, PublicKey: d.PublicKey,
		CreatedAt: d.CreatedAt.UTC(), ExpiresAt: d.ExpiresAt.UTC(), LastUsedAt: d.LastUsedAt.UTC(),
	}
}
