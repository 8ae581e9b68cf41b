package order

import (
	"fmt"
	"strings"
	"time"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/money"
)

// Receipt is what came of a return. Its zero value is all of it, fit to be sold again, and the shop keeps the shipping.
type Receipt struct {
	Lines []ReceivedLine // each SKU once with Restock and once without
	// RefundShipping gives back what the order's shipping cost, once per order.
	RefundShipping bool
}

// ReceivedLine is pieces that came, and whether they can be sold again.
type ReceivedLine struct {
	Item
	Restock bool
}

// ReceiveReturn decides that goods of a requested return are taken back, and adds the refund for them, under refundID. The refund is
// what the goods were sold for, less the pieces that were paid back before, or what is left of the money when that is less. Announced
// pieces that did not come can be returned again. It returns ErrReturnNotFound, ErrReturnDecided, or a *field.Error for more than was
// announced.
func (o *Order) ReceiveReturn(id, refundID string, came Receipt) error {
	received, err := o.openReturn(id)
	if err != nil {
		return err
	}
	received.Status = ReturnReceived
	announced := pieces(received.Lines)
	if len(came.Lines) > 0 {
		if err := received.came(came.Lines); err != nil {
			return err
		}
	}
	if received.Amount, err = o.soldFor(received.Lines); err != nil {
		return err
	}
	at := now()
	if received.RefundShipping, err = o.payReturn(received, refundID, came.RefundShipping, at); err != nil {
		return err
	}
	o.data.Returns = with(o.data.Returns, received, Return.id)
	o.happened(at, EventReturnReceived, receivedText(received, announced))
	o.decide(audit.ReturnReceived, received.detail())
	return nil
}

// came replaces the announced pieces by those that came.
func (r *Return) came(lines []ReceivedLine) error {
	left := map[string]int64{}
	for _, item := range r.Lines {
		left[item.SKU] = item.Quantity
	}
	var c field.Checker
	r.Lines, r.NotRestocked = nil, nil
	for i, line := range lines {
		announced, ok := left[line.SKU]
		c.Check(ok, fmt.Sprintf("lines[%d].sku", i), "is not in the return")
		c.Check(!ok || line.Quantity <= announced, fmt.Sprintf("lines[%d].quantity", i), "is more than was announced")
		left[line.SKU] -= line.Quantity
		r.Lines = plus(r.Lines, line.Item)
		if !line.Restock {
			r.NotRestocked = plus(r.NotRestocked, line.Item)
		}
	}
	return c.Err()
}

// payReturn adds the refund for a return, and reports whether it includes the shipping. There is no refund when nothing is left to pay.
func (o *Order) payReturn(goods Return, refundID string, shipping bool, at time.Time) (withShipping bool, err error) {
	refund := Refund{
		ID: refundID, Reason: strings.TrimSuffix("return: "+goods.Reason, ": "), Status: RefundPending, ReturnID: goods.ID, ActorID: o.actor, CreatedAt: at,
		Lines: o.unpaidOf(goods.Lines), Shipping: shipping && !o.shippingPaidBack(),
	}
	if refund.Amount, err = o.worth(refund.Lines, refund.Shipping); err != nil {
		return false, err
	}
	refund.Amount.Amount = min(refund.Amount.Amount, o.refundable())
	if refund.Amount.Amount <= 0 { // below 0 if somebody has refunded at the provider what a refund of ours was to give back
		return false, nil
	}
	o.data.Refunds = with(o.data.Refunds, refund, Refund.id)
	o.decide(audit.RefundDecided, refund.detail())
	o.forgetPaid()
	return refund.Shipping, nil
}

// receivedText is the receipt of a return for a timeline. It tells how many pieces came if some did not.
func receivedText(goods Return, announced int64) string {
	if n := pieces(goods.Lines); n < announced {
		return fmt.Sprintf("%s, %d of %d pieces", goods.Amount, n, announced)
	}
	return goods.Amount.String()
}

// restocked returns the pieces of a received return that can be sold again.
func (r Return) restocked() []Item {
	damaged := map[string]int64{}
	for _, item := range r.NotRestocked {
		damaged[item.SKU] = item.Quantity
	}
	var items []Item
	for _, item := range r.Lines {
		if n := item.Quantity - damaged[item.SKU]; n > 0 {
			items = append(items, Item{SKU: item.SKU, Quantity: n})
		}
	}
	return items
}

// worth returns what items of the order were sold for, together with its shipping if shipping is true.
func (o *Order) worth(items []Item, shipping bool) (money.Money, error) {
	amount, err := o.soldFor(items)
	if err != nil || !shipping {
		return amount, err
	}
	return amount.Add(o.data.Totals.Shipping)
}
