package orders

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/money"
)

// Most characters of a reason.
const maxReason = 500

// ReturnRequest asks to send goods of an order back.
type ReturnRequest struct {
	CustomerID string
	OrderID    string
	Lines      []Item // each SKU once
	Reason     string
}

// RequestReturn writes down that a customer wants to send goods back. It returns a *field.Error, ErrNotFound,
// ErrNotReturnable when the order is not delivered or more would come back than was bought, or ErrCustomerErased.
func (s *Service) RequestReturn(ctx context.Context, req ReturnRequest) (Return, error) {
	if err := req.validate(); err != nil {
		return Return{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Return{}, err
	}
	for {
		r, err := s.visible(ctx, Viewer{CustomerID: req.CustomerID}, req.OrderID)
		if err != nil {
			return Return{}, err
		}
		wanted, err := r.newReturn(id.String(), req)
		if err != nil {
			return Return{}, err
		}
		r.addReturn(wanted)
		_, err = s.save(ctx, r, TimelineEntry{At: wanted.CreatedAt, Event: EventReturnRequested, Detail: wanted.Amount.String()})
		if !errors.Is(err, ErrConflict) {
			return wanted, err
		}
	}
}

func (r ReturnRequest) validate() error {
	var c field.Checker
	c.Check(len(r.Lines) > 0, "lines", "must have at least 1 item")
	seen := map[string]bool{}
	for i, line := range r.Lines {
		name := fmt.Sprintf("lines[%d]", i)
		c.CheckLine(name+".sku", line.SKU, true, maxID)
		c.Check(!seen[line.SKU], name+".sku", "stands twice")
		c.Check(line.Quantity > 0, name+".quantity", "must be at least 1")
		seen[line.SKU] = true
	}
	c.CheckLine("reason", r.Reason, true, maxReason)
	return c.Err()
}

// newReturn makes a return of the order's goods, at the prices they were sold for.
func (r Record) newReturn(id string, req ReturnRequest) (Return, error) {
	if r.Erased {
		return Return{}, ErrCustomerErased // nothing that they write is to be kept
	}
	if r.Status != StatusDelivered {
		return Return{}, fmt.Errorf("%w: it is %s", ErrNotReturnable, r.Status)
	}
	left := r.returnable()
	amount := money.New(0, r.Totals.Total.Currency)
	var c field.Checker
	for i, line := range req.Lines {
		sold := first(r.Lines, func(l Line) bool { return l.SKU == line.SKU })
		if sold == nil {
			c.Check(false, fmt.Sprintf("lines[%d].sku", i), "is not in the order")
			continue
		}
		if line.Quantity > left[line.SKU] {
			return Return{}, fmt.Errorf("%w: %d of %s are left to return", ErrNotReturnable, left[line.SKU], line.SKU)
		}
		value, err := sold.UnitPrice.Times(line.Quantity)
		if err != nil {
			return Return{}, err
		}
		if amount, err = amount.Add(value); err != nil {
			return Return{}, err
		}
	}
	return Return{
		ID: id, Status: ReturnRequested, Lines: req.Lines, Reason: req.Reason, Amount: amount, CreatedAt: now(),
	}, c.Err()
}

// returnable counts the pieces of each SKU that were bought and that no return names yet.
func (r Record) returnable() map[string]int64 {
	left := map[string]int64{}
	for _, line := range r.Lines {
		left[line.SKU] += line.Quantity
	}
	for _, t := range r.Returns {
		for _, line := range t.Lines {
			left[line.SKU] -= line.Quantity
		}
	}
	return left
}
