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

// Delete implements customers.Store. The account goes after its e-mail: a crash in between leaves it whole for another try, and
// DeleteUnreachable finds it by the intent when there is none. The e-mail of a crash the other way round would be taken for ever.
func (s *Store) Delete(ctx context.Context, c customers.Customer) error {
	started, err := s.begin(ctx, c)
	if err != nil {
		return err
	}
	if err := s.erase(ctx, c); err != nil {
		return err
	}
	return s.finish(ctx, started)
}

// erase deletes an e-mail, its account and its sessions: those last, for those that a login opens meanwhile.
func (s *Store) erase(ctx context.Context, c customers.Customer) error {
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

// intent says that an account is being opened or deleted, which takes several writes. It is written before the first of them and
// deleted after the last, so that what a crash leaves is found without a look at every account.
type intent struct {
	CustomerID string    `bson:"_id"`
	Email      string    `bson:"email"`
	At         time.Time `bson:"at"`
}

// begin writes an intent. Another one for the same account is replaced.
func (s *Store) begin(ctx context.Context, c customers.Customer) (intent, error) {
	i := intent{CustomerID: c.ID, Email: c.Email, At: time.Now().UTC().Truncate(time.Millisecond)}
	if _, err := s.intents.ReplaceOne(ctx, byID(c.ID), i, options.Replace().SetUpsert(true)); err != nil {
		return i, fmt.Errorf("begin: %w", err)
	}
	return i, nil
}

// finish deletes an intent, unless it has been replaced by a later one.
func (s *Store) finish(ctx context.Context, i intent) error {
	if _, err := s.intents.DeleteOne(ctx, append(byID(i.CustomerID), bson.E{Key: "at", Value: i.At})); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// intentsAtOnce is how many intents DeleteUnreachable reads with one query.
const intentsAtOnce = 100

// DeleteUnreachable implements customers.Store. It looks at old intents alone, which an index finds, in batches: a shop in which
// nothing crashed costs one query, however many accounts it has.
func (s *Store) DeleteUnreachable(ctx context.Context, before time.Time) error {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: before}}}}
	oldest := options.Find().SetSort(bson.D{{Key: "at", Value: 1}}).SetLimit(intentsAtOnce)
	for {
		cursor, err := s.intents.Find(ctx, filter, oldest)
		if err != nil {
			return fmt.Errorf("find intents: %w", err)
		}
		var intents []intent
		if err := cursor.All(ctx, &intents); err != nil {
			return fmt.Errorf("find intents: %w", err)
		}
		for _, i := range intents {
			if err := s.settle(ctx, i); err != nil {
				return err
			}
		}
		if len(intents) < intentsAtOnce {
			return nil
		}
	}
}

// settle deletes the account of an intent unless it has its e-mail: such a one was opened, or its deletion can be asked for again.
func (s *Store) settle(ctx context.Context, i intent) error {
	owned, err := s.owns(ctx, i.CustomerID, i.Email)
	if err != nil {
		return err
	}
	if !owned {
		if err := s.erase(ctx, customers.Customer{ID: i.CustomerID, Email: i.Email}); err != nil {
			return err
		}
	}
	return s.finish(ctx, i)
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
