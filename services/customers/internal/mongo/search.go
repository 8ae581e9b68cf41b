package mongo

import (
	"context"
	"regexp"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/services/customers/internal/customers"
)

// FindMatching implements customers.Search. No index helps to find a part of a text, so it reads the accounts after the cursor until the page is
// full.
func (s *Store) FindMatching(ctx context.Context, query customers.CustomerQuery) ([]customers.Customer, error) {
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: query.Cursor}}}}
	if len(query.IDs) > 0 {
		filter = bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: query.Cursor}, {Key: "$in", Value: query.IDs}}}}
	}
	if query.Text != "" {
		part := bson.Regex{Pattern: regexp.QuoteMeta(query.Text), Options: "i"}
		filter = append(filter, bson.E{Key: "$or", Value: bson.A{bson.D{{Key: "name", Value: part}}, bson.D{{Key: "email", Value: part}}}})
	}
	documents, err := find[accountDocument](ctx, s.accounts, filter, idAscending, query.Limit, "find accounts")
	if err != nil {
		return nil, err
	}
	found := customersOf(documents)
	return found, s.addMailboxes(ctx, found)
}

// addMailboxes reads what is known of the accounts' mailboxes.
func (s *Store) addMailboxes(ctx context.Context, found []customers.Customer) error {
	if len(found) == 0 {
		return nil
	}
	emails := make([]string, len(found))
	for i, c := range found {
		emails[i] = c.Email
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: emails}}}}
	documents, err := find[emailDocument](ctx, s.emails, filter, idAscending, len(emails), "find e-mails")
	if err != nil {
		return err
	}
	for i := range found {
		for _, d := range documents {
			if d.Email == found[i].Email && d.CustomerID == found[i].ID {
				found[i].Mailbox = d.mailbox()
			}
		}
	}
	return nil
}

func customersOf(documents []accountDocument) []customers.Customer {
	found := make([]customers.Customer, len(documents))
	for i, d := range documents {
		found[i] = customerOf(d)
	}
	return found
}
