package payments

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/platform/field"
	"souk/platform/money"
)

const (
	defaultPage = 100
	maxPage     = 1000
	maxOrders   = 1000
	// The number of payments that the provider is asked about concurrently.
	auditConcurrency = 8
)

// Books contains a payment's sums in the ledger. They do not depend on the payment's status.
type Books struct {
	Payment Payment
	// Authorized is the total ever authorized. It is the sum of Captured, Voided and Open.
	Authorized, Captured, Voided, Open money.Money
	Refunded                           money.Money
	// UnbalancedMovements is the number of movements whose entries do not add up to zero.
	UnbalancedMovements int
	// Provider is the provider's view. It is nil if the provider was not asked or does not know the payment.
	Provider *ProviderBooks
}

// BooksQuery selects payments.
type BooksQuery struct {
	// Limit is 1 to 1,000; 0 means 100.
	Limit int
	// After is the position returned with the previous page, or empty.
	After string
	// OrderIDs restricts the result to these orders, if it is not empty.
	OrderIDs     []string
	WithProvider bool
}

// Books returns a page of books, sorted by payment ID, and the position of the next page, or "" at the end.
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

// checked returns the query with its defaults, or a *field.Error.
func (q BooksQuery) checked() (BooksQuery, error) {
	var check field.Checker
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	check.Check(q.Limit > 0 && q.Limit <= maxPage, "limit", fmt.Sprintf("must be 1 to %d", maxPage))
	check.Check(len(q.OrderIDs) <= maxOrders, "order_ids", fmt.Sprintf("must be %d at most", maxOrders))
	after := check.CheckID("after", cmp.Or(q.After, uuid.Nil.String()))
	orders := make([]string, len(q.OrderIDs))
	for i, order := range q.OrderIDs {
		orders[i] = check.CheckID(fmt.Sprintf("order_ids[%d]", i), order)
	}
	q.After, q.OrderIDs = after, orders
	return q, check.Err()
}

// askBooks adds the provider's view of each payment.
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
