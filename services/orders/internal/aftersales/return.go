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
func (a *AfterSales) RequestReturn(ctx context.Context, req ReturnRequest) (order.ReturnView, error) {
	if err := req.validate(); err != nil {
		return order.ReturnView{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return order.ReturnView{}, err
	}
	for {
		o, err := order.Find(ctx, a.store, order.Viewer{CustomerID: req.CustomerID}, req.OrderID)
		if err != nil {
			return order.ReturnView{}, err
		}
		o = o.By(req.CustomerID)
		if _, err := o.RequestReturn(id.String(), req.Lines, req.Reason); err != nil {
			return order.ReturnView{}, err
		}
		if _, err = a.store.Save(ctx, o); !errors.Is(err, order.ErrConflict) {
			requested, _ := o.ReturnView(id.String())
			return requested, err
		}
	}
}

func (r ReturnRequest) validate() error {
	var c field.Checker
	checkLines(&c, r.Lines)
	c.CheckLine("reason", r.Reason, true, maxReason)
	return c.Err()
}

// checkLines records violations of lines, which must have pieces of at least one SKU, and each SKU once.
func checkLines(c *field.Checker, lines []order.Item) {
	c.Check(len(lines) > 0, "lines", "must have at least 1 item")
	seen := map[string]bool{}
	for i, line := range lines {
		checkLine(c, i, line, seen[line.SKU])
		seen[line.SKU] = true
	}
}

func checkLine(c *field.Checker, i int, line order.Item, twice bool) {
	name := fmt.Sprintf("lines[%d]", i)
	c.CheckLine(name+".sku", line.SKU, true, order.MaxID)
	c.Check(!twice, name+".sku", "stands twice")
	c.Check(line.Quantity > 0, name+".quantity", "must be at least 1")
}
