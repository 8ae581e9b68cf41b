package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"souk/services/customers/internal/customers"
)

type accountDocument struct {
	ID              string   `bson:"_id"`
	Email           string   `bson:"email"`
	Name            string   `bson:"name"`
	Roles           []string `bson:"roles"`
	PasswordHash    string   `bson:"password_hash"`
	PasswordVersion int64    `bson:"password_version"`
	// Missing in accounts with a password.
	NoPassword  bool      `bson:"no_password,omitempty"`
	KeptSession string    `bson:"kept_session,omitempty"`
	Addresses   []address `bson:"addresses"`
	// Missing in accounts without such keys.
	AddressKeys []addressKey `bson:"address_keys,omitempty"`
	CreatedAt   time.Time    `bson:"created_at"`
	Version     int64        `bson:"version"`
	// Missing in accounts without records that have to be moved to the audit log.
	Unlogged []recordDocument `bson:"unlogged,omitempty"`
}

type addressKey struct {
	Key         string    `bson:"key"`
	Fingerprint []byte    `bson:"fingerprint"`
	RequestID   string    `bson:"request_id"`
	UsedAt      time.Time `bson:"used_at"`
	Address     address   `bson:"address"`
}

type address struct {
	ID         string `bson:"id"`
	Name       string `bson:"name"`
	Line1      string `bson:"line1"`
	Line2      string `bson:"line2"`
	City       string `bson:"city"`
	Region     string `bson:"region"`
	PostalCode string `bson:"postal_code"`
	Country    string `bson:"country"`
}

// emailDocument assigns an e-mail address to an account, and says what is known of its mailbox.
type emailDocument struct {
	Email      string            `bson:"_id"`
	CustomerID string            `bson:"customer_id"`
	VerifiedAt *time.Time        `bson:"verified_at,omitempty"`
	RefusedAt  *time.Time        `bson:"refused_at,omitempty"`
	Newest     map[string]string `bson:"newest,omitempty"`
	// NextAddress is where the newest mail of kind change_email is sent.
	NextAddress string   `bson:"next_address,omitempty"`
	Devices     []string `bson:"devices,omitempty"`
}

// Insert implements customers.Store. It writes the account before the e-mail address. After a crash in between, the address is
// still free, and DeleteUnreachable finds the unreachable account by its intent.
func (s *Store) Insert(ctx context.Context, c customers.Customer) error {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	started, err := s.begin(ctx, c, nil)
	if err != nil {
		return err
	}
	if err := s.expect(ctx, c); err != nil {
		return err
	}
	if err := s.announce(ctx, c); err != nil {
		return err
	}
	if _, err := s.accounts.InsertOne(ctx, accountOf(c)); err != nil {
		return fmt.Errorf("insert account: %w", err)
	}
	owned := emailDocument{Email: c.Email, CustomerID: c.ID}
	if c.Mailbox.Verified {
		owned.VerifiedAt = &c.CreatedAt
	}
	_, err = s.emails.InsertOne(ctx, owned)
	if mongo.IsDuplicateKeyError(err) {
		if _, err := s.accounts.DeleteOne(ctx, byID(c.ID)); err != nil {
			return errors.Join(customers.ErrEmailTaken, err)
		}
		return errors.Join(customers.ErrEmailTaken, s.finish(ctx, started))
	}
	if err != nil {
		return fmt.Errorf("insert e-mail: %w", err)
	}
	_ = s.finish(ctx, started) // the account is complete; DeleteUnreachable will delete the intent
	s.logSoon(ctx, c)
	s.mailSoon(ctx, c)
	return nil
}

// FindByEmail implements customers.Store.
func (s *Store) FindByEmail(ctx context.Context, email string) (customers.Customer, error) {
	var d emailDocument
	if err := s.emails.FindOne(ctx, byID(email)).Decode(&d); err != nil {
		return customers.Customer{}, missing(err, customers.ErrNotFound, "find e-mail")
	}
	c, err := s.Find(ctx, d.CustomerID)
	c.Mailbox = d.mailbox()
	return c, err
}

// Find implements customers.Store.
func (s *Store) Find(ctx context.Context, id string) (customers.Customer, error) {
	var d accountDocument
	if err := s.accounts.FindOne(ctx, byID(id)).Decode(&d); err != nil {
		return customers.Customer{}, missing(err, customers.ErrNotFound, "find account")
	}
	return customerOf(d), nil
}

// Replace implements customers.Store.
func (s *Store) Replace(ctx context.Context, c customers.Customer) error {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	if err := s.expect(ctx, c); err != nil {
		return err
	}
	if err := s.announce(ctx, c); err != nil {
		return err
	}
	filter := append(byID(c.ID), bson.E{Key: "version", Value: c.Version})
	d := accountOf(c)
	d.Version++
	result, err := s.accounts.ReplaceOne(ctx, filter, d)
	if err != nil {
		return fmt.Errorf("replace account: %w", err)
	}
	if result.MatchedCount == 0 {
		return customers.ErrChanged
	}
	s.logSoon(ctx, c)
	s.mailSoon(ctx, c)
	return nil
}

func accountOf(c customers.Customer) accountDocument {
	d := accountDocument{
		ID: c.ID, Email: c.Email, Name: c.Name, Roles: c.Roles, PasswordHash: string(c.PasswordHash),
		PasswordVersion: c.PasswordVersion, NoPassword: c.NoPassword, KeptSession: c.KeptSession,
		Addresses: make([]address, len(c.Addresses)), CreatedAt: c.CreatedAt, Version: c.Version,
	}
	for i, a := range c.Addresses {
		d.Addresses[i] = address(a)
	}
	for _, k := range c.AddressKeys {
		d.AddressKeys = append(d.AddressKeys, addressKey{
			Key: k.Key, Fingerprint: k.Fingerprint, RequestID: k.RequestID, UsedAt: k.UsedAt, Address: address(k.Address),
		})
	}
	for _, r := range c.Unlogged {
		d.Unlogged = append(d.Unlogged, recordOf(r))
	}
	return d
}

func customerOf(d accountDocument) customers.Customer {
	c := customers.Customer{
		ID: d.ID, Email: d.Email, Name: d.Name, Roles: d.Roles, PasswordHash: customers.Secret(d.PasswordHash),
		PasswordVersion: d.PasswordVersion, NoPassword: d.NoPassword, KeptSession: d.KeptSession,
		CreatedAt: d.CreatedAt.UTC(), Version: d.Version,
	}
	for _, a := range d.Addresses {
		c.Addresses = append(c.Addresses, customers.Address(a))
	}
	for _, k := range d.AddressKeys {
		c.AddressKeys = append(c.AddressKeys, customers.AddressKey{
			Key: k.Key, Fingerprint: k.Fingerprint, RequestID: k.RequestID, UsedAt: k.UsedAt.UTC(), Address: customers.Address(k.Address),
		})
	}
	for _, r := range d.Unlogged {
		c.Unlogged = append(c.Unlogged, r.record())
	}
	return c
}
