package order

import (
	"fmt"
	"slices"
	"time"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/money"
)

// ReturnStatus is how far a return is.
type ReturnStatus string

// The statuses of a return. A requested one is received, refused or withdrawn.
const (
	ReturnRequested ReturnStatus = "requested"
	// ReturnReceived is the decision to take the goods back: they are being restocked and refunded.
	ReturnReceived ReturnStatus = "received"
	ReturnRefunded ReturnStatus = "refunded"
	// ReturnRefused is a return that the shop does not accept.
	ReturnRefused ReturnStatus = "refused"
	// ReturnWithdrawn is a return that its customer has given up.
	ReturnWithdrawn ReturnStatus = "withdrawn"
)

var returnStatuses = []ReturnStatus{ReturnRequested, ReturnReceived, ReturnRefunded, ReturnRefused, ReturnWithdrawn}

// Known reports whether s is a status.
func (s ReturnStatus) Known() bool { return slices.Contains(returnStatuses, s) }

// Return is goods of an order that come back.
type Return struct {
	ID     string       `json:"id"`
	Status ReturnStatus `json:"status"`
	// Lines are the pieces that were announced and, once the return is received, those that came.
	Lines []Item `json:"lines"`
	// NotRestocked are the pieces of Lines that cannot be sold again.
	NotRestocked []Item      `json:"not_restocked,omitempty"`
	Reason       string      `json:"reason"`
	Amount       money.Money `json:"amount"` // what the goods were sold for
	// RefundShipping tells that the refund of the return includes the shipping of the order.
	RefundShipping bool      `json:"refund_shipping,omitempty"`
	RefusalReason  string    `json:"refusal_reason,omitempty"` // why staff have refused it
	CreatedAt      time.Time `json:"created_at"`
}

// maxEndedReturns is how many returns of an order may have been refused or withdrawn before no more can be requested. Without a limit,
// requesting and withdrawing the same goods would let an order grow for ever.
const maxEndedReturns = 50

// RequestReturn adds a return of goods, at the prices they were sold for. It returns ErrNotReturnable when the order is not
// delivered, when more would come back than was bought, or after too many returns that have ended; ErrCustomerErased; or a *field.Error.
func (o *Order) RequestReturn(id string, items []Item, reason string) (Return, error) {
	if o.data.Erased {
		return Return{}, ErrCustomerErased // because nothing that they write is kept
	}
	if err := o.move(requestReturn); err != nil {
		return Return{}, err
	}
	if o.endedReturns() >= maxEndedReturns {
		return Return{}, fmt.Errorf("%w: %d returns of it were refused or withdrawn already", ErrNotReturnable, maxEndedReturns)
	}
	amount, err := o.valueOf(items)
	if err != nil {
		return Return{}, err
	}
	added := Return{ID: id, Status: ReturnRequested, Lines: items, Reason: reason, Amount: amount, CreatedAt: now()}
	o.data.Returns = with(o.data.Returns, added, Return.id)
	o.happened(added.CreatedAt, EventReturnRequested, amount.String())
	o.decide(audit.ReturnRequested, added.detail())
	return added, nil
}

// valueOf returns what items of the order were sold for, if all of them can still be returned.
func (o *Order) valueOf(items []Item) (money.Money, error) {
	if err := o.checkSold(items); err != nil {
		return money.Money{}, err
	}
	left := o.returnable()
	for _, item := range items {
		if item.Quantity > left[item.SKU] {
			return money.Money{}, fmt.Errorf("%w: %d of %s are left to return", ErrNotReturnable, left[item.SKU], item.SKU)
		}
	}
	return o.soldFor(items)
}

// checkSold returns a *field.Error that names each of the items that is not in the order.
func (o *Order) checkSold(items []Item) error {
	var c field.Checker
	for i, item := range items {
		_, ok := o.line(item.SKU)
		c.Check(ok, fmt.Sprintf("lines[%d].sku", i), "is not in the order")
	}
	return c.Err()
}

// soldFor returns what items of the order were sold for.
func (o *Order) soldFor(items []Item) (money.Money, error) {
	amount := money.New(0, o.data.Totals.Total.Currency)
	for _, item := range items {
		sold, _ := o.line(item.SKU)
		value, err := sold.UnitPrice.Times(item.Quantity)
		if err != nil {
			return money.Money{}, err
		}
		if amount, err = amount.Add(value); err != nil {
			return money.Money{}, err
		}
	}
	return amount, nil
}

func (o *Order) line(sku string) (Line, bool) {
	return find(o.data.Lines, func(l Line) bool { return l.SKU == sku })
}

// returnable counts the pieces of each SKU that were bought and that no return has. Returns that were refused or withdrawn have none.
func (o *Order) returnable() map[string]int64 {
	left := o.bought()
	for _, r := range o.data.Returns {
		if !r.ended() {
			take(left, r.Lines)
		}
	}
	return left
}

// ended reports whether the return has ended without its goods.
func (r Return) ended() bool { return r.Status == ReturnRefused || r.Status == ReturnWithdrawn }

func (o *Order) endedReturns() (n int) {
	for _, r := range o.data.Returns {
		if r.ended() {
			n++
		}
	}
	return n
}

// RefuseReturn ends a requested return that the shop does not accept. Its goods can be returned again.
func (o *Order) RefuseReturn(id, reason string) error {
	refused, err := o.openReturn(id)
	if err != nil {
		return err
	}
	refused.Status, refused.RefusalReason = ReturnRefused, reason
	o.data.Returns = with(o.data.Returns, refused, Return.id)
	o.happened(now(), EventReturnRefused, refused.Amount.String())
	o.decide(audit.ReturnRefused, refused.detail())
	return nil
}

// WithdrawReturn ends a requested return that its customer gives up. Its goods can be returned again.
func (o *Order) WithdrawReturn(id string) error {
	withdrawn, err := o.openReturn(id)
	if err != nil {
		return err
	}
	withdrawn.Status = ReturnWithdrawn
	o.data.Returns = with(o.data.Returns, withdrawn, Return.id)
	o.happened(now(), EventReturnWithdrawn, withdrawn.Amount.String())
	o.decide(audit.ReturnWithdrawn, withdrawn.detail())
	return nil
}

// openReturn returns a requested return, ErrReturnNotFound, or ErrReturnDecided.
func (o *Order) openReturn(id string) (Return, error) {
	found, ok := o.Return(id)
	if !ok {
		return Return{}, ErrReturnNotFound
	}
	if found.Status != ReturnRequested {
		return Return{}, fmt.Errorf("%w: it is %s", ErrReturnDecided, found.Status)
	}
	return found, nil
}

// CompleteReturn notes that the goods of a return were restocked and that their refund has ended.
func (o *Order) CompleteReturn(id string) error {
	completed, ok := o.Return(id)
	if !ok || completed.Status != ReturnReceived {
		return fmt.Errorf("%w: no received return %s", ErrWrongState, id)
	}
	completed.Status = ReturnRefunded
	o.data.Returns = with(o.data.Returns, completed, Return.id)
	o.data.ChangedAt = now()
	return nil
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

// detail describes the return in the audit log.
func (r Return) detail() map[string]string {
	return map[string]string{"return": r.ID, "amount": r.Amount.String()}
}
