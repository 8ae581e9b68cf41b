package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

// The outbox has one document for each mail that waits (docs/adr/0028-outbox.md). A mail about a change is added before the change, and is due a
// minute later. Once the change is made, it is due at once.

// mailDocument is a mail that waits. Its _id is its place.
type mailDocument struct {
	ID              string    `bson:"_id"`
	MessageID       string    `bson:"message_id"`
	Kind            string    `bson:"kind"`
	CustomerID      string    `bson:"customer_id,omitempty"`
	Address         string    `bson:"address,omitempty"`
	PasswordVersion int64     `bson:"password_version,omitempty"`
	Device          string    `bson:"device,omitempty"`
	CreatedAt       time.Time `bson:"created_at"`
	DueAt           time.Time `bson:"due_at"`
	// Announced is true until the change that the mail is about is made, or until the mail is first sent.
	Announced bool      `bson:"announced"`
	Attempts  []attempt `bson:"attempts,omitempty"`
}

type attempt struct {
	At     time.Time `bson:"at"`
	Reason string    `bson:"reason"`
}

func mailDocumentOf(m customers.Mail) mailDocument {
	return mailDocument{
		ID: m.ID, MessageID: m.MessageID, Kind: string(m.Kind), CustomerID: m.CustomerID, Address: m.Address,
		PasswordVersion: m.PasswordVersion, Device: m.Device, CreatedAt: m.CreatedAt, DueAt: m.DueAt, Announced: m.DueAt.After(m.CreatedAt),
		Attempts: attemptsOf(m.Attempts),
	}
}

func attemptsOf(all []customers.Attempt) []attempt {
	documents := make([]attempt, len(all))
	for i, a := range all {
		documents[i] = attempt(a)
	}
	return documents
}

func (d mailDocument) mail() customers.Mail {
	m := customers.Mail{
		ID: d.ID, MessageID: d.MessageID, Kind: customers.MailKind(d.Kind), CustomerID: d.CustomerID, Address: d.Address,
		PasswordVersion: d.PasswordVersion, Device: d.Device, CreatedAt: d.CreatedAt.UTC(), DueAt: d.DueAt.UTC(),
	}
	for _, a := range d.Attempts {
		m.Attempts = append(m.Attempts, customers.Attempt{At: a.At.UTC(), Reason: a.Reason})
	}
	return m
}

// prepareMails creates the indexes for mails that are due or old, and for expired tokens.
func (s *Store) prepareMails(ctx context.Context) error {
	for _, index := range []struct {
		collection *mongo.Collection
		field      string
	}{{s.outbox, "due_at"}, {s.outbox, "created_at"}, {s.mailTokens, "expires_at"}} {
		model := mongo.IndexModel{Keys: bson.D{{Key: index.field, Value: 1}}}
		if _, err := index.collection.Indexes().CreateOne(ctx, model); err != nil {
			return fmt.Errorf("index mails: %w", err)
		}
	}
	return nil
}

// AddMail implements customers.Outbox.
func (s *Store) AddMail(ctx context.Context, m customers.Mail) error {
	if _, err := s.outbox.InsertOne(ctx, mailDocumentOf(m)); err != nil && !mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("add mail: %w", err)
	}
	return nil
}

// announce adds the mails of a change that is about to be made.
func (s *Store) announce(ctx context.Context, c customers.Customer) error {
	for _, m := range c.Mails {
		if err := s.AddMail(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// mailSoon makes the mails of a change that was made due. If it fails, they are due in a minute: the change is made, and its caller must
// not get an error.
func (s *Store) mailSoon(ctx context.Context, c customers.Customer) {
	for _, m := range c.Mails {
		filter := append(byID(m.ID), bson.E{Key: "announced", Value: true})
		set := bson.D{{Key: "due_at", Value: time.Now().UTC()}, {Key: "announced", Value: false}}
		_, _ = s.outbox.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: set}})
	}
}

// DueMails implements customers.Outbox.
func (s *Store) DueMails(ctx context.Context, now time.Time, limit int) ([]customers.Mail, error) {
	return s.mailsUntil(ctx, "due_at", now, limit)
}

// OldMails implements customers.Outbox.
func (s *Store) OldMails(ctx context.Context, before time.Time, limit int) ([]customers.Mail, error) {
	return s.mailsUntil(ctx, "created_at", before, limit)
}

// mailsUntil returns the mails with a time in a field that is not after until, the oldest first.
func (s *Store) mailsUntil(ctx context.Context, field string, until time.Time, limit int) ([]customers.Mail, error) {
	filter := bson.D{{Key: field, Value: bson.D{{Key: "$lte", Value: until}}}}
	oldest := bson.D{{Key: field, Value: 1}}
	found, err := find[mailDocument](ctx, s.outbox, filter, oldest, limit, "find mails")
	if err != nil {
		return nil, err
	}
	mails := make([]customers.Mail, len(found))
	for i, d := range found {
		mails[i] = d.mail()
	}
	return mails, nil
}

// only finds a mail, unless another has its place.
func only(m customers.Mail) bson.D {
	return append(byID(m.ID), bson.E{Key: "message_id", Value: m.MessageID})
}

// PutOffMail implements customers.Outbox.
func (s *Store) PutOffMail(ctx context.Context, m customers.Mail, was time.Time) error {
	set := bson.D{
		{Key: "due_at", Value: m.DueAt}, {Key: "announced", Value: false}, {Key: "attempts", Value: attemptsOf(m.Attempts)},
	}
	result, err := s.outbox.UpdateOne(ctx, append(only(m), bson.E{Key: "due_at", Value: was}), bson.D{{Key: "$set", Value: set}})
	if err != nil {
		return fmt.Errorf("put off mail: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// RemoveMail implements customers.Outbox.
func (s *Store) RemoveMail(ctx context.Context, m customers.Mail) error {
	if _, err := s.outbox.DeleteOne(ctx, only(m)); err != nil {
		return fmt.Errorf("remove mail: %w", err)
	}
	return nil
}
