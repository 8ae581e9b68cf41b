package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/services/customers/internal/customers"
)

func (d emailDocument) mailbox() customers.Mailbox {
	m := customers.Mailbox{
		Verified: d.VerifiedAt != nil, Refused: d.RefusedAt != nil, Newest: map[customers.MailKind]string{}, NextAddress: d.NextAddress,
		Devices: d.Devices,
	}
	for kind, messageID := range d.Newest {
		m.Newest[customers.MailKind(kind)] = messageID
	}
	return m
}

// ownedBy finds the address of an account, if the account still owns it.
func ownedBy(c customers.Customer) bson.D {
	return append(byID(c.Email), bson.E{Key: "customer_id", Value: c.ID})
}

// FindMailbox implements customers.Store.
func (s *Store) FindMailbox(ctx context.Context, c customers.Customer) (customers.Mailbox, error) {
	var d emailDocument
	if err := s.emails.FindOne(ctx, ownedBy(c)).Decode(&d); err != nil {
		return customers.Mailbox{}, missing(err, customers.ErrNotFound, "find mailbox")
	}
	return d.mailbox(), nil
}

// SetNewestMail implements customers.Store.
func (s *Store) SetNewestMail(ctx context.Context, c customers.Customer, kind customers.MailKind, messageID string) error {
	newest := bson.D{{Key: "newest." + string(kind), Value: messageID}}
	return s.changeMailbox(ctx, ownedBy(c), bson.D{{Key: "$set", Value: newest}})
}

// ConfirmMailbox implements customers.Store.
func (s *Store) ConfirmMailbox(ctx context.Context, c customers.Customer, messageID string, at time.Time) error {
	const newest = "newest." + string(customers.ConfirmEmail)
	filter := append(ownedBy(c), bson.E{Key: newest, Value: messageID})
	return s.changeMailbox(ctx, filter, bson.D{
		{Key: "$set", Value: bson.D{{Key: "verified_at", Value: at}}}, {Key: "$unset", Value: bson.D{{Key: newest, Value: ""}}},
	})
}

func (s *Store) changeMailbox(ctx context.Context, filter, update bson.D) error {
	result, err := s.emails.UpdateOne(ctx, filter, update)
	if err != nil {
		return fmt.Errorf("change mailbox: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	return nil
}

// AddDevice implements customers.Store.
func (s *Store) AddDevice(ctx context.Context, c customers.Customer, kind string) error {
	update := bson.D{{Key: "$addToSet", Value: bson.D{{Key: "devices", Value: kind}}}}
	if _, err := s.emails.UpdateOne(ctx, ownedBy(c), update); err != nil {
		return fmt.Errorf("add device: %w", err)
	}
	return nil
}

// MarkMailbox implements customers.Store.
func (s *Store) MarkMailbox(ctx context.Context, c customers.Customer, refused bool) error {
	update := bson.D{{Key: "$unset", Value: bson.D{{Key: "refused_at", Value: ""}}}}
	if refused {
		update = bson.D{{Key: "$set", Value: bson.D{{Key: "refused_at", Value: time.Now().UTC()}}}}
	}
	if _, err := s.emails.UpdateOne(ctx, ownedBy(c), update); err != nil {
		return fmt.Errorf("mark mailbox: %w", err)
	}
	return nil
}
