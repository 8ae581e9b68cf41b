package order

import (
	"fmt"
	"time"

	"souk/platform/field"
	"souk/platform/money"
)

// ReturnStatus is how far a return is.
type ReturnStatus string

// The statuses of a return, in their order.
const (
	ReturnRequested ReturnStatus = "requested"
	// ReturnReceived is the decision to take the goods back: they are being restocked and refunded.
	ReturnReceived ReturnStatus = "received"
	ReturnRefunded ReturnStatus = "refunded"
)

// Return is goods of an order that come back.
type Return struct {
	ID        string       `json:"id"`
	Status    ReturnStatus `json:"status"`
	Lines     []Item       `json:"lines"`
	Reason    string       `json:"reason"`
	Amount    money.Money  `json:"amount"` // what the goods were sold for
	CreatedAt time.Time    `json:"created_at"`
}

// RequestReturn adds a return of goods, at the prices they were sold for. It returns ErrNotReturnable when the order is not
// delivered or when more would come back than was bought, ErrCustomerErased, or a *field.Error.
func (o *Order) RequestReturn(id string, items []Item, reason string) (Return, error) {
	if o.data.Erased {
		return Return{}, ErrCustomerErased // because nothing that they write is kept
	}
	if err := o.move(requestReturn); err != nil {
		return Return{}, err
	}
	amount, err := o.valueOf(items)
	if err != nil {
		return Return{}, err
	}
	added := Return{ID: id, Status: ReturnRequested, Lines: items, Reason: reason, Amount: amount, CreatedAt: now()}
	o.data.Returns = with(o.data.Returns, added, Return.id)
	o.happened(added.CreatedAt, EventReturnRequested, amount.String())
	return added, nil
}

// valueOf returns what items of the order were sold for, if all of them can still be returned.
func (o *Order) valueOf(items []Item) (money.Money, error) {
	left := o.returnable()
	amount := money.New(0, o.data.Totals.Total.Currency)
	var c field.Checker
	for i, item := range items {
		sold, ok := find(o.data.Lines, func(l Line) bool { return l.SKU == item.SKU })
		if !ok {
			c.Check(false, fmt.Sprintf("lines[%d].sku", i), "is not in the order")
			continue
		}
		if item.Quantity > left[item.SKU] {
			return money.Money{}, fmt.Errorf("%w: %d of %s are left to return", ErrNotReturnable, left[item.SKU], item.SKU)
		}
		value, err := sold.UnitPrice.Times(item.Quantity)
		if err != nil {
			return money.Money{}, err
		}
		if amount, err = amount.Add(value); err != nil {
			return money.Money{}, err
		}
	}
	return amount, c.Err()
}

// returnable counts the pieces of each SKU that were bought and that no return has yet.
func (o *Order) returnable() map[string]int64 {
	left := map[string]int64{}
	for _, line := range o.data.Lines {
		left[line.SKU] += line.Quantity
	}
	for _, r := range o.data.Returns {
		for _, item := range r.Lines {
			left[item.SKU] -= item.Quantity
		}
	}
	return left
}

// ReceiveReturn decides that the goods of a requested return are taken back, and adds the refund for them, under refundID. The
// refund is what the goods were sold for, or what is left of the money when some of it was refunded before.
func (o *Order) ReceiveReturn(id, refundID string) error {
	received, err := o.moveReturn(id, ReturnRequested, ReturnReceived)
	if err != nil {
		return err
	}
	at, amount := now(), received.Amount
	if amount.Amount = min(amount.Amount, o.refundable()); amount.Amount > 0 {
		o.data.Refunds = with(o.data.Refunds, Refund{
			ID: refundID, Amount: amount, Reason: "return: " + received.Reason, Status: RefundPending, ReturnID: id, CreatedAt: at,
		}, Refund.id)
	}
	o.happened(at, EventReturnReceived, received.Amount.String())
	return nil
}

// CompleteReturn notes that the goods of a return were restocked and that their refund has ended.
func (o *Order) CompleteReturn(id string) error {
	if _, err := o.moveReturn(id, ReturnReceived, ReturnRefunded); err != nil {
		return err
	}
	o.data.ChangedAt = now()
	return nil
}

// moveReturn moves a return from one status to the next.
func (o *Order) moveReturn(id string, from, to ReturnStatus) (Return, error) {
	found, ok := o.Return(id)
	if !ok {
		return Return{}, ErrReturnNotFound
	}
	if found.Status != from {
		return Return{}, fmt.Errorf("%w: the return is %s", ErrWrongState, found.Status)
	}
	found.Status = to
	o.data.Returns = with(o.data.Returns, found, Return.id)
	return found, nil
}

// Return returns a return of the order.
func (o Order) Return(id string) (Return, bool) {
	return find(o.data.Returns, func(r Return) bool { return r.ID == id })
}

// ReceivedReturn returns the return that is to be restocked and refunded next.
func (o Order) ReceivedReturn() (Return, bool) {
	return find(o.data.Returns, func(r Return) bool { return r.Status == ReturnReceived })
}

func (r Return) id() string { return r.ID }
