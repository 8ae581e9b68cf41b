package replay

import (
	"context"
	"net/http"

	"souk/e2e/shop"
)

// takeBack has the customer send goods back, once they have arrived, and staff receive them.
func (r *Replay) takeBack(ctx context.Context, sent Return) error {
	c, id := r.buyerOf(sent.Invoice)
	order, err := r.await(ctx, c, id, func(o shop.Order) bool { return o.Status == "delivered" })
	if err != nil {
		return err
	}
	goods, err := r.request(ctx, c, order.ID, sent)
	if err != nil {
		return err
	}
	if err := r.staff.do(ctx, func(staff *shop.Client) error {
		return staff.Do(ctx, http.MethodPost, "/v1/admin/returns/"+goods.ID+"/receive", nil, nil)
	}); err != nil {
		return err
	}
	_, err = r.await(ctx, c, order.ID, func(o shop.Order) bool { return statusOf(o, goods.ID) == "refunded" })
	return err
}

func (r *Replay) buyerOf(invoice string) (*customer, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.Books.Invoices {
		if i.Number == invoice {
			return r.customers[i.Customer], r.orders[invoice]
		}
	}
	return nil, ""
}

// request asks for a return, unless an answer that was lost had granted it: it bears the cancellation's number.
func (r *Replay) request(ctx context.Context, c *customer, orderID string, sent Return) (goods shop.Return, err error) {
	wanted := shop.ReturnRequest{Reason: "replay of " + sent.Number}
	for _, line := range sent.Lines {
		wanted.Lines = append(wanted.Lines, shop.ReturnLine{SKU: line.SKU, Quantity: line.Quantity})
	}
	err = c.do(ctx, func(client *shop.Client) error {
		order, err := client.Order(ctx, orderID)
		if err != nil {
			return err
		}
		for _, granted := range order.Returns {
			if granted.Reason == wanted.Reason {
				goods = granted
				return nil
			}
		}
		goods, err = client.RequestReturn(ctx, orderID, wanted)
		return err
	})
	return goods, err
}

func statusOf(order shop.Order, returnID string) string {
	for _, granted := range order.Returns {
		if granted.ID == returnID {
			return granted.Status
		}
	}
	return ""
}
