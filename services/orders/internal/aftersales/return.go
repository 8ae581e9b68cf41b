package aftersales

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"souk/platform/field"

	"souk/services/orders/internal/order"
)

// The most characters of a reason.
const maxReason = 500

// ReturnRequest asks to send goods of an order back.
type ReturnRequest struct {
	CustomerID string
	OrderID    string
	Lines      []order.Item // each SKU once
	Reason     string
}

// RequestReturn adds a return to an order. It returns a *field.Error, order.ErrNotFound, order.ErrNotReturnable when the order is not
// delivered or more would come back than was bought, or order.ErrCustomerErased.
func (a *AfterSales) RequestReturn(ctx context.Context, req ReturnRequest) (order.Return, error) {
	if err := req.validate(); err != nil {
		return order.Return{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return order.Return{}, err
	}
	for {
		o, err := order.Find(ctx, a.store, order.Viewer{CustomerID: req.CustomerID}, req.OrderID)
		if err != nil {
			return order.Return{}, err
		}
		requested, err := o.RequestReturn(id.String(), req.Lines, req.Reason)
		if err != nil {
			return order.Return{}, err
		}
		if _, err = a.store.Save(ctx, o); !errors.Is(err, order.ErrConflict) {
			return requested, err
		}
	}
}

func (r ReturnRequest) validate() error {
	var c field.Checker
	c.Check(len(r.Lines) > 0, "lines", "must have at least 1 item")
	seen := map[string]bool{}
	for i, line := range r.Lines {
		name := fmt.Sprintf("lines[%d]", i)
		c.CheckLine(name+".sku", line.SKU, true, order.MaxID)
		c.Check(!seen[line.SKU], name+".sku", "stands twice")
		c.Check(line.Quantity > 0, name+".quantity", "must be at least 1")
		seen[line.SKU] = true
	}
	c.CheckLine("reason", r.Reason, true, maxReason)
	return c.Err()
}
