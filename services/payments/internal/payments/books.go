package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"
)

const (
	defaultPage = 100
	maxPage     = 1000
	maxOrders   = 1000
	// How many payments the provider is asked about at once.
	auditConcurrency = 8
)

// Books is what the ledger says of a payment: sums of its entries, which know nothing of the payment's status.
type Books struct {
	Payment Payment
	// Authorized was ever authorized; Captured, Voided and Open add up to it.
	Authorized, Captured, Voided, Open money.Money
	Refunded                           money.Money
	// UnbalancedMovements counts the movements whose entries do not add up to zero.
	UnbalancedMovements int
	// Provider is nil unless the provider was asked and knows the payment.
	Provider *ProviderBooks
}

// BooksQuery says which payments' books are wanted.
type BooksQuery struct {
	// Limit is 1 to 1,000; 0 means 100.
	Limit int
	// After is the next page's mark of the page before, or empty.
	After string
	// OrderIDs are the only orders wanted, if there are any.
	OrderIDs     []string
	WithProvider bool
}

// Books returns a page of the books in the order of the payments' ids, and the mark of the next page, if there is
// one.
func (s *Service) Books(ctx context.Context, query BooksQuery) (books []Books, nextAfter string, err error) {
	query, err = query.checked()
	if err != nil {
		return nil, "", err
	}
	books, err = s.store.Books(ctx, query.After, query.OrderIDs, query.Limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(books) > query.Limit {
		books = books[:query.Limit]
		nextAfter = books[query.Limit-1].Payment.ID
	}
	if query.WithProvider {
		err = s.askBooks(ctx, books)
	}
	return books, nextAfter, err
}

// checked returns the query as the store wants it, or a *field.Error.
func (q BooksQuery) checked() (BooksQuery, error) {
	var check field.Checker
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	check.Check(q.Limit > 0 && q.Limit <= maxPage, "limit", fmt.Sprintf("must be 1 to %d", maxPage))
	check.Check(len(q.OrderIDs) <= maxOrders, "order_ids", fmt.Sprintf("must be %d at most", maxOrders))
	if q.After == "" {
		q.After = uuid.Nil.String()
	}
	after, ok := identifier.Canonical(q.After)
	check.Check(ok, "after", notAnID)
	orders := make([]string, len(q.OrderIDs))
	for i, order := range q.OrderIDs {
		orders[i], ok = identifier.Canonical(order)
		check.Check(ok, fmt.Sprintf("order_ids[%d]", i), notAnID)
	}
	q.After, q.OrderIDs = after, orders
	return q, check.Err()
}

// askBooks adds what the provider says of each payment.
func (s *Service) askBooks(ctx context.Context, books []Books) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(auditConcurrency)
	for i := range books {
		p := books[i].Payment
		if p.Method == "" {
			continue
		}
		group.Go(func() error {
			theirs, err := s.lookup(ctx, p)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			books[i].Provider = &theirs.ProviderBooks
			return err
		})
	}
	return group.Wait()
}
