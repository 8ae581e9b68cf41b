package growth

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/e2e/shop"
)

// AccountID returns the id of the loaded account i, from 1.
func AccountID(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }

// Email returns the e-mail of the loaded account i.
func Email(i int) string { return fmt.Sprintf("customer-%d@growth.example", i) }

// Addresses says where the address of a loaded account is.
type Addresses struct {
	// ID is the same for all accounts: an address belongs to its account.
	ID string
}

const accountsAtOnce = 1000

// LoadAccounts loads accounts 1 to n, each with an address and a session.
func (l *Loader) LoadAccounts(ctx context.Context, n int) (Addresses, error) {
	first, err := l.openAccount(ctx)
	if err != nil {
		return Addresses{}, fmt.Errorf("open the account that is copied: %w", err)
	}
	for _, kind := range []struct {
		collection, field string
	}{{"customers", "_id"}, {"sessions", "customer_id"}, {"emails", "customer_id"}} {
		var d bson.D
		err := l.accounts.Collection(kind.collection).FindOne(ctx, bson.D{{Key: kind.field, Value: first.id}}).Decode(&d)
		if err != nil {
			return Addresses{}, fmt.Errorf("find what is copied of %s: %w", kind.collection, err)
		}
		for from := 1; from <= n; from += accountsAtOnce {
			var copies []any
			for i := from; i < min(from+accountsAtOnce, n+1); i++ {
				copies = append(copies, first.copyOf(d, i))
			}
			_, err := l.accounts.Collection(kind.collection).InsertMany(ctx, copies, options.InsertMany().SetOrdered(false))
			if err != nil {
				return Addresses{}, fmt.Errorf("load %s: %w", kind.collection, err)
			}
		}
		l.say("%d accounts: %s", n, kind.collection)
	}
	return Addresses{ID: first.address}, nil
}

// account is one that the shop has opened.
type account struct {
	id, email, address string
}

// openAccount registers a customer who logs in and saves an address.
func (l *Loader) openAccount(ctx context.Context) (account, error) {
	a := account{email: "first@growth.example"}
	client, session, err := l.door.Register(ctx, a.email, Password, "Ada Shopper")
	if err != nil {
		return a, err
	}
	var saved shop.Address
	err = client.Do(ctx, http.MethodPost, "/v1/me/addresses", home, &saved)
	a.id, a.address = session.Customer.ID, saved.ID
	return a, err
}

var home = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// copyOf returns a document of the account as account i has it. A session, which has an id of its own, gets that of the account.
func (a account) copyOf(d bson.D, i int) bson.D {
	d = slices.Clone(d)
	for j := range d {
		switch d[j].Value {
		case a.id:
			d[j].Value = AccountID(i)
		case a.email:
			d[j].Value = Email(i)
		default:
			if d[j].Key == "_id" {
				d[j].Value = AccountID(i)
			}
		}
	}
	return d
}
