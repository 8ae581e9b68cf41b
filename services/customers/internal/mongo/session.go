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

type sessionDocument struct {
	ID              string    `bson:"_id"`
	CustomerID      string    `bson:"customer_id"`
	Device          string    `bson:"device,omitempty"`
	PasswordVersion int64     `bson:"password_version"`
	TokenHash       []byte    `bson:"token_hash"`
	PreviousHash    []byte    `bson:"previous_hash,omitempty"`
	Salt            []byte    `bson:"salt,omitempty"`
	RotatedAt       time.Time `bson:"rotated_at,omitempty"`
	CreatedAt       time.Time `bson:"created_at"`
	ExpiresAt       time.Time `bson:"expires_at"`
}

// InsertSession implements customers.Store.
func (s *Store) InsertSession(ctx context.Context, session customers.Session) error {
	if _, err := s.sessions.InsertOne(ctx, sessionDocument(session)); err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

// FindSession implements customers.Store.
func (s *Store) FindSession(ctx context.Context, id string) (customers.Session, error) {
	var d sessionDocument
	if err := s.sessions.FindOne(ctx, byID(id)).Decode(&d); err != nil {
		return customers.Session{}, missing(err, customers.ErrInvalidRefreshToken, "find session")
	}
	return customers.Session(d), nil
}

// Rotate implements customers.Store.
func (s *Store) Rotate(ctx context.Context, session customers.Session) error {
	filter := append(byID(session.ID), bson.E{Key: "token_hash", Value: session.PreviousHash})
	set := bson.D{
		{Key: "token_hash", Value: session.TokenHash}, {Key: "previous_hash", Value: session.PreviousHash},
		{Key: "salt", Value: session.Salt}, {Key: "rotated_at", Value: session.RotatedAt},
		{Key: "expires_at", Value: session.ExpiresAt},
	}
	result, err := s.sessions.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: set}})
	if err != nil {
		return fmt.Errorf("rotate session: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// DeleteSession implements customers.Store.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	if _, err := s.sessions.DeleteOne(ctx, byID(id)); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// DeleteSessions implements customers.Store.
func (s *Store) DeleteSessions(ctx context.Context, customerID string) error {
	if _, err := s.sessions.DeleteMany(ctx, bson.D{{Key: "customer_id", Value: customerID}}); err != nil {
		return fmt.Errorf("delete a customer's sessions: %w", err)
	}
	return nil
}

// sweptAtOnce is the number of sessions deleted with one command of DeleteExpiredSessions.
const sweptAtOnce = 100

// DeleteExpiredSessions implements customers.Store. It finds the sessions by an index and deletes them in batches, because a
// single command for all of them would block sign-ins and refreshes.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	expired := bson.E{Key: "expires_at", Value: bson.D{{Key: "$lte", Value: now}}}
	cursor, err := s.sessions.Find(ctx, bson.D{expired}, options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return fmt.Errorf("find expired sessions: %w", err)
	}
	defer func() { _ = cursor.Close(ctx) }()
	var batch []mongo.WriteModel
	for cursor.Next(ctx) {
		id := cursor.Current.Lookup("_id").StringValue()
		// The expiry is checked again, because the session may have been refreshed since.
		batch = append(batch, mongo.NewDeleteOneModel().SetFilter(append(byID(id), expired)))
		if len(batch) < sweptAtOnce {
			continue
		}
		if err := s.deleteSessions(ctx, batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
	if err := cursor.Err(); err != nil {
		return fmt.Errorf("find expired sessions: %w", err)
	}
	return s.deleteSessions(ctx, batch)
}

func (s *Store) deleteSessions(ctx context.Context, batch []mongo.WriteModel) error {
	if len(batch) == 0 {
		return nil
	}
	if _, err := s.sessions.BulkWrite(ctx, batch, options.BulkWrite().SetOrdered(false)); err != nil {
		return fmt.Errorf("delete expired sessions: %w", err)
	}
	return nil
}
