package catalog

import (
	"context"
	"fmt"

	"souk/platform/field"
	"souk/platform/identifier"
)

// AnyQuery selects products of every status, for staff.
type AnyQuery struct {
	// Text has words of the product, or is its whole handle or slug or one of its SKUs. If it is empty, all match.
	Text string
	// Status is empty for any.
	Status Status
	Limit  int
	// After is the ID of the product after which the page starts; empty for the first page.
	After string
}

// ListAll returns a page of the products that match, the newest first, and the cursor of the next page, which is empty if there
// is none. It returns ErrBadCursor for a cursor that is not of a product.
func (s *Service) ListAll(ctx context.Context, query AnyQuery) (products []Product, next string, err error) {
	if query.Limit == 0 {
		query.Limit = defaultLimit
	}
	query.Text = tidyLine(query.Text)
	var check field.Checker
	check.Check(query.Limit >= 1 && query.Limit <= maxLimit, "limit", fmt.Sprintf("must be 1 to %d", maxLimit))
	checkLine(&check, "q", query.Text, maxQuery)
	if err := check.Err(); err != nil {
		return nil, "", err
	}
	if query.After != "" && !identifier.Valid(query.After) {
		return nil, "", ErrBadCursor
	}
	asked := query
	asked.Limit++
	if products, err = s.store.ListAll(ctx, asked); err != nil {
		return nil, "", err
	}
	if len(products) > query.Limit {
		products = products[:query.Limit]
		next = products[query.Limit-1].ID
	}
	return products, next, nil
}
