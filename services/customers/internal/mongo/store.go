// Package mongo stores accounts, sessions and signing keys in a MongoDB-protocol database.
//
// A document of its own, whose _id is the e-mail address, assigns the address to an account. Every MongoDB-protocol server
// guarantees that an _id is unique, even in a race.
package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

// Store implements customers.Store and token.Store.
type Store struct {
	accounts, emails, sessions, keys, intents *mongo.Collection
	// log is the audit log; unlogged has the accounts whose records may still have to be moved there.
	log, unlogged *mongo.Collection
	// outbox has the mails that wait, and mailTokens the hashes of the tokens that were sent.
	outbox, mailTokens *mongo.Collection
	// emailChanges has the changes of addresses that are being made.
	emailChanges   *mongo.Collection
	secondFactors  *mongo.Collection
	locks, clients *mongo.Collection
	// assertions has the assertions of clients that were used.
	assertions *mongo.Collection
	// identities has who signs in with a provider, and signIns the sign-ins that came back from one.
	identities, signIns *mongo.Collection
}

var (
	_ customers.Store = (*Store)(nil)
	_ token.Store     = (*Store)(nil)
)

// New returns a store in db.
func New(db *mongo.Database) *Store {
	return &Store{
		accounts: db.Collection("customers"), emails: db.Collection("emails"),
		sessions: db.Collection("sessions"), keys: db.Collection("keys"), intents: db.Collection("intents"),
		log: db.Collection("audit_entries"), unlogged: db.Collection("audit_unlogged"),
		outbox: db.Collection("outbox"), mailTokens: db.Collection("mail_tokens"),
		emailChanges:  db.Collection("email_changes"),
		secondFactors: db.Collection("second_factors"),
		locks:         db.Collection("locks"), clients: db.Collection("clients"),
		assertions: db.Collection("assertions"), identities: db.Collection("identities"), signIns: db.Collection("sign_ins"),
	}
}

// Prepare creates the indexes of all collections. Running it again is safe.
func (s *Store) Prepare(ctx context.Context) error {
	// One index at a time, because FerretDB 1.24 closes the connection if two are created by one command a second time.
	for _, field := range []string{"expires_at", "customer_id"} {
		index := mongo.IndexModel{Keys: bson.D{{Key: field, Value: 1}}}
		if _, err := s.sessions.Indexes().CreateOne(ctx, index); err != nil {
			return fmt.Errorf("index sessions: %w", err)
		}
	}
	index := mongo.IndexModel{Keys: bson.D{{Key: "at", Value: 1}}}
	if _, err := s.intents.Indexes().CreateOne(ctx, index); err != nil {
		return fmt.Errorf("index intents: %w", err)
	}
	if err := s.prepareLog(ctx); err != nil {
		return err
	}
	if err := s.prepareEmailChanges(ctx); err != nil {
		return err
	}
	if err := s.prepareMails(ctx); err != nil {
		return err
	}
	if err := s.prepareStaff(ctx); err != nil {
		return err
	}
	if err := s.prepareIdentities(ctx); err != nil {
		return err
	}
	if err := s.prepareClients(ctx); err != nil {
		return err
	}
	return s.prepareAssertions(ctx)
}

func byID(id string) bson.D {
	return bson.D{{Key: "_id", Value: id}}
}

// find returns the documents that a filter finds in a collection, in an order, at most limit. Errors name the operation.
func find[D any](ctx context.Context, in *mongo.Collection, filter, order bson.D, limit int, operation string) ([]D, error) {
	cursor, err := in.Find(ctx, filter, options.Find().SetSort(order).SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	var found []D
	if err := cursor.All(ctx, &found); err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	return found, nil
}

// Orders of documents.
var (
	idAscending  = bson.D{{Key: "_id", Value: 1}}
	idDescending = bson.D{{Key: "_id", Value: -1}}
	oldestFirst  = bson.D{{Key: "at", Value: 1}}
)

// missing returns notFound if a document does not exist. Otherwise it wraps err with the operation.
func missing(err, notFound error, operation string) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return notFound
	}
	return fmt.Errorf("%s: %w", operation, err)
}
