package order

import (
	"fmt"

	"souk/platform/field"
	"souk/platform/money"
)

// RequestRefundOf decides to give back what pieces of the order were sold for, and what its shipping cost if shipping is true. No piece
// is paid back twice, whether by a refund or by a return, and the shipping neither. It returns a *field.Error for what cannot be given
// back.
func (o *Order) RequestRefundOf(id string, items []Item, shipping bool, reason string) error {
	if err := o.checkUnpaid(items, shipping); err != nil {
		return err
	}
	amount, err := o.worth(items, shipping)
	if err != nil {
		return err
	}
	if err := o.checkLeft(amount); err != nil {
		return err
	}
	o.addRefund(Refund{ID: id, Amount: amount, Lines: items, Shipping: shipping, Reason: reason})
	o.forgetPaid()
	return nil
}

// checkUnpaid returns a *field.Error that names what is not in the order, or was paid back before.
func (o *Order) checkUnpaid(items []Item, shipping bool) error {
	if err := o.checkSold(items); err != nil {
		return err
	}
	var c field.Checker
	left := o.unpaid()
	for i, item := range items {
		problem := fmt.Sprintf("must be at most %d: no more pieces of %s are left to pay back", left[item.SKU], item.SKU)
		c.Check(item.Quantity <= left[item.SKU], fmt.Sprintf("lines[%d].quantity", i), problem)
	}
	c.Check(!shipping || !o.shippingPaidBack(), "shipping", "was paid back before")
	return c.Err()
}

// checkLeft returns a *field.Error unless an amount for lines can be given back.
func (o *Order) checkLeft(amount money.Money) error {
	left := money.New(o.refundable(), amount.Currency)
	switch {
	case o.data.Payment.Captured.Amount == 0:
		return field.Invalid("lines", "nothing has been captured yet")
	case amount.Amount == 0:
		return field.Invalid("lines", "cost nothing")
	case amount.Amount > left.Amount:
		return field.Invalid("lines", fmt.Sprintf("cost %s, and %s is left to give back", amount, left))
	}
	return nil
}

// unpaid counts the pieces of each SKU that were bought and that no refund pays for. A refund that failed pays for none.
func (o *Order) unpaid() map[string]int64 {
	left := o.bought()
	for _, refund := range o.data.Refunds {
		if refund.Status != RefundFailed {
			take(left, refund.Lines)
		}
	}
	return left
}

// unpaidOf returns the pieces of items that no refund pays for.
func (o *Order) unpaidOf(items []Item) []Item { return atMost(items, o.unpaid()) }

// atMost returns the items, with at most as many pieces of each SKU as are left.
func atMost(items []Item, left map[string]int64) []Item {
	var some []Item
	for _, item := range items {
		if n := min(item.Quantity, left[item.SKU]); n > 0 {
			some = append(some, Item{SKU: item.SKU, Quantity: n})
		}
	}
	return some
}

// shippingPaidBack reports whether a refund includes the shipping. A refund that failed does not.
func (o *Order) shippingPaidBack() bool {
	_, ok := find(o.data.Refunds, func(r Refund) bool { return r.Shipping && r.Status != RefundFailed })
	return ok
}
