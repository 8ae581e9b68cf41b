package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/services/customers/internal/customers"
)

// OpenSessions implements customers.SessionLists. Its order is that of the IDs (UUIDv7), which do not change while somebody turns pages.
func (s *Store) OpenSessions(ctx context.Context, c customers.Customer, at time.Time, before string, limit int) ([]customers.Session, error) {
	filter := bson.D{
		{Key: "customer_id", Value: c.ID},
		{Key: "expires_at", Value: bson.D{{Key: "$gt", Value: at}}},
		{Key: "$or", Value: bson.A{bson.D{{Key: "password_version", Value: c.PasswordVersion}}, byID(c.KeptSession)}},
	}
	if before != "" {
		filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: "$lt", Value: before}}})
	}
	found, err := find[sessionDocument](ctx, s.sessions, filter, idDescending, limit, "find sessions")
	if err != nil {
		return nil, err
	}
	sessions := make([]customers.Session, len(found))
	for i, d := range found {
		sessions[i] = customers.Session(d)
	}
	return sessions, nil
}

// DeleteSessionOf implements customers.SessionLists.
func (s *Store) DeleteSessionOf(ctx context.Context, customerID, sessionID string) error {
	result, err := s.sessions.DeleteOne(ctx, append(byID(sessionID), bson.E{Key: "customer_id", Value: customerID}))
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	if result.DeletedCount == 0 {
		return customers.ErrSessionNotFound
	}
	return nil
}
