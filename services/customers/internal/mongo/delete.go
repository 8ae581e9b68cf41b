package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/platform/audit"

	"souk/services/customers/internal/customers"
)

// Delete implements customers.Store. It deletes the account after its e-mail address. After a crash in between, the caller can
// try again with the complete account, and otherwise DeleteUnreachable finds it by its intent. In the other order, a crash
// would leave the address taken for ever.
func (s *Store) Delete(ctx context.Context, c customers.Customer, deletion audit.Record) error {
	started, err := s.begin(ctx, c, new(recordOf(deletion)))
	if err != nil {
		return err
	}
	if err := s.erase(ctx, started); err != nil {
		return err
	}
	return s.finish(ctx, started)
}

// erase deletes an e-mail address, its account with its second factor and its identities, and its sessions. Sessions come last, to include those opened
// meanwhile.
func (s *Store) erase(ctx context.Context, i intent) error {
	// In a repeated deletion, the address may belong to another account by now.
	own := append(byID(i.Email), bson.E{Key: "customer_id", Value: i.CustomerID})
	if _, err := s.emails.DeleteOne(ctx, own); err != nil {
		return fmt.Errorf("delete e-mail: %w", err)
	}
	var err error
	if i.Deletion == nil {
		_, err = s.accounts.DeleteOne(ctx, byID(i.CustomerID)) // nobody could ever sign in, so that its records mean nothing
	} else {
		err = s.deleteLogged(ctx, i.CustomerID, *i.Deletion)
	}
	if err != nil {
		return fmt.Errorf("delete account: %w", err)
	}
	if err := s.DeleteSecondFactor(ctx, i.CustomerID); err != nil {
		return err
	}
	if err := s.deleteIdentities(ctx, i.CustomerID); err != nil {
		return err
	}
	return s.DeleteSessions(ctx, i.CustomerID)
}

// intent records that an account is being created or deleted, which takes several writes. It is written before the first of
// them and deleted after the last. So the remains of a crash can be found without scanning all accounts.
type intent struct {
	CustomerID string    `bson:"_id"`
	Email      string    `bson:"email"`
	At         time.Time `bson:"at"`
	// Deletion is the record of a deletion. It is missing if the account is being created.
	Deletion *recordDocument `bson:"deletion,omitempty"`
}

// begin writes an intent. It replaces an earlier one for the same account.
func (s *Store) begin(ctx context.Context, c customers.Customer, deletion *recordDocument) (intent, error) {
	i := intent{CustomerID: c.ID, Email: c.Email, At: time.Now().UTC().Truncate(time.Millisecond), Deletion: deletion}
	if _, err := s.intents.ReplaceOne(ctx, byID(c.ID), i, options.Replace().SetUpsert(true)); err != nil {
		return i, fmt.Errorf("begin: %w", err)
	}
	return i, nil
}

// finish deletes an intent, unless a later one has replaced it.
func (s *Store) finish(ctx context.Context, i intent) error {
	if _, err := s.intents.DeleteOne(ctx, append(byID(i.CustomerID), bson.E{Key: "at", Value: i.At})); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	return nil
}

// intentsAtOnce is the number of intents that DeleteUnreachable reads with one query.
const intentsAtOnce = 100

// DeleteUnreachable implements customers.Store. It reads only old intents, by an index and in batches. Without crashes, that is
// a single query, however many accounts there are.
func (s *Store) DeleteUnreachable(ctx context.Context, before time.Time) error {
	filter := bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: before}}}}
	for {
		intents, err := find[intent](ctx, s.intents, filter, oldestFirst, intentsAtOnce, "find intents")
		if err != nil {
			return err
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

// settle deletes an intent's account if the account does not own its e-mail address. Otherwise the creation was complete, or
// the deletion can be repeated.
func (s *Store) settle(ctx context.Context, i intent) error {
	owned, err := s.reachable(ctx, i)
	if err != nil {
		return err
	}
	if !owned {
		if err := s.erase(ctx, i); err != nil {
			return err
		}
	}
	return s.finish(ctx, i)
}

// reachable reports whether an intent's account owns its e-mail address, which may have been changed since.
func (s *Store) reachable(ctx context.Context, i intent) (bool, error) {
	owned, err := s.owns(ctx, i.CustomerID, i.Email)
	if owned || err != nil {
		return owned, err
	}
	c, err := s.Find(ctx, i.CustomerID)
	if errors.Is(err, customers.ErrNotFound) {
		return false, nil
	}
	if err != nil || c.Email == i.Email {
		return false, err
	}
	return s.owns(ctx, c.ID, c.Email)
}

// owns reports whether an e-mail address belongs to a customer.
func (s *Store) owns(ctx context.Context, customerID, email string) (bool, error) {
	var d emailDocument
	err := s.emails.FindOne(ctx, byID(email)).Decode(&d)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return false, fmt.Errorf("find e-mail: %w", err)
	}
	return d.CustomerID == customerID, nil
}
