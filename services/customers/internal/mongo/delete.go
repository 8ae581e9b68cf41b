package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/services/customers/internal/customers"
)

// Delete implements customers.Store. The account goes after its e-mail: a crash in between leaves it whole for another try,
// and DeleteUnreachable finds it when there is none. The e-mail of a crash the other way round would be taken for ever.
// The sessions come last, for those that a login opens meanwhile.
func (s *Store) Delete(ctx context.Context, c customers.Customer) error {
	// It may be another account's by now, when this is another try.
	own := append(byID(c.Email), bson.E{Key: "customer_id", Value: c.ID})
	if _, err := s.emails.DeleteOne(ctx, own); err != nil {
		return fmt.Errorf("delete e-mail: %w", err)
	}
	if _, err := s.accounts.DeleteOne(ctx, byID(c.ID)); err != nil {
		return fmt.Errorf("delete account: %w", err)
	}
	return s.DeleteSessions(ctx, c.ID)
}

// DeleteUnreachable implements customers.Store. It looks at every account once, and up each one's e-mail by its _id.
func (s *Store) DeleteUnreachable(ctx context.Context, before time.Time) error {
	filter := bson.D{{Key: "created_at", Value: bson.D{{Key: "$lt", Value: before}}}}
	fields := options.Find().SetProjection(bson.D{{Key: "email", Value: 1}})
	cursor, err := s.accounts.Find(ctx, filter, fields)
	if err != nil {
		return fmt.Errorf("find accounts: %w", err)
	}
	defer func() { _ = cursor.Close(ctx) }()
	var unreachable []customers.Customer
	for cursor.Next(ctx) {
		var d accountDocument
		if err := cursor.Decode(&d); err != nil {
			return fmt.Errorf("find accounts: %w", err)
		}
		owned, err := s.owns(ctx, d.ID, d.Email)
		if err != nil {
			return err
		}
		if !owned {
			unreachable = append(unreachable, customers.Customer{ID: d.ID, Email: d.Email})
		}
	}
	if err := cursor.Err(); err != nil {
		return fmt.Errorf("find accounts: %w", err)
	}
	for _, c := range unreachable {
		if err := s.Delete(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// owns reports whether an e-mail belongs to a customer.
func (s *Store) owns(ctx context.Context, customerID, email string) (bool, error) {
	var d emailDocument
	err := s.emails.FindOne(ctx, byID(email)).Decode(&d)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return false, fmt.Errorf("find e-mail: %w", err)
	}
	return d.CustomerID == customerID, nil
}
