package customers

import (
	"context"
	"fmt"
	"strings"

	"souk/platform/field"
	"souk/platform/identifier"
)

// maxQuery is the length of the longest text to search for, in characters.
const maxQuery = 100

// CustomerQuery selects accounts.
type CustomerQuery struct {
	// Text is a part of the name or of the e-mail address. Capitals do not matter. Empty finds every account.
	Text string
	// IDs restricts the result to these accounts, if it is not empty.
	IDs []string
	// Limit is 1 to 100; 0 means 20.
	Limit int
	// Cursor is the ID of the last account of the previous page, or empty.
	Cursor string
}

// Search finds accounts for staff.
type Search interface {
	// FindMatching returns accounts that match a query, with their mailboxes, in the order of their IDs, at most its limit.
	FindMatching(ctx context.Context, query CustomerQuery) ([]Customer, error)
}

// Customers returns a page of accounts, the oldest first, and the cursor of the next page, or "" on the last. An address that is given in full
// finds its account in any spelling. It returns ErrBadCursor, or a *field.Error.
func (s *Service) Customers(ctx context.Context, query CustomerQuery) (page []Customer, next string, err error) {
	var check field.Checker
	check.CheckLine("q", query.Text, false, maxQuery)
	check.Check(len(query.IDs) <= mostListed, "ids", fmt.Sprintf("must have at most %d items", mostListed))
	if err := check.Err(); err != nil {
		return nil, "", err
	}
	limit, err := checkPage(query.Cursor, query.Limit)
	if err != nil {
		return nil, "", err
	}
	query.Limit, query.Text = limit+1, strings.TrimSpace(query.Text)
	if canonical, ok := identifier.CanonicalEmail(query.Text); ok {
		query.Text = canonical
	}
	found, err := s.store.FindMatching(ctx, query)
	if err != nil {
		return nil, "", err
	}
	page, next = pageOf(found, limit, func(c Customer) string { return c.ID })
	return page, next, nil
}
