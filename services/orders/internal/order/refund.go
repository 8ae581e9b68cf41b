package order

import (
	"fmt"
	"slices"
	"time"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/money"
)

// RefundStatus is how far a refund is.
type RefundStatus string

// The statuses of a refund. A pending one is a decision that is being carried out.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	// RefundFailed means that payments refused the refund, or that the bank sent the money back later. The money is owed.
	RefundFailed RefundStatus = "failed"
)

// Refund is captured money that goes back.
type Refund struct {
	ID     string      `json:"id"`
	Amount money.Money `json:"amount"`
	// Lines are the pieces that it pays for, and Shipping tells that it includes the shipping. A refund of goodwill has neither.
	Lines     []Item       `json:"lines,omitempty"`
	Shipping  bool         `json:"shipping,omitempty"`
	Reason    string       `json:"reason"`
	Status    RefundStatus `json:"status"`
	ReturnID  string       `json:"return_id,omitempty"` // the return it is for, if any
	ActorID   string       `json:"actor_id,omitempty"`  // who has decided it
	CreatedAt time.Time    `json:"created_at"`
}

// RequestRefund decides to give money back as goodwill, for no piece of the order. Once this is saved the money counts as given, so that
// several refunds together never exceed what was captured. It returns a *field.Error for money that cannot be given back.
func (o *Order) RequestRefund(id string, amount money.Money, reason string) error {
	currency, left := o.data.Totals.Total.Currency, o.refundable()
	switch {
	case amount.Currency != currency:
		return field.Invalid("amount", "must be in "+currency)
	case o.data.Payment.Captured.Amount == 0:
		return field.Invalid("amount", "nothing has been captured yet")
	case amount.Amount > left:
		return field.Invalid("amount", fmt.Sprintf("must be at most %s", money.New(left, currency)))
	}
	o.addRefund(Refund{ID: id, Amount: amount, Reason: reason})
	return nil
}

// addRefund adds a refund that is decided now.
func (o *Order) addRefund(added Refund) {
	added.Status, added.ActorID, added.CreatedAt = RefundPending, o.actor, now()
	o.data.Refunds = with(o.data.Refunds, added, Refund.id)
	o.decide(audit.RefundDecided, added.detail())
	o.payOff(added.Amount)
	o.data.ChangedAt = added.CreatedAt
}

// refundable is what was captured and is neither refunded nor about to be, in minor units.
func (o *Order) refundable() int64 {
	left := o.data.Payment.Captured.Amount
	for _, refund := range o.data.Refunds {
		if refund.Status != RefundFailed {
			left -= refund.Amount.Amount
		}
	}
	return left
}

// CompleteRefund notes that payments gave the money of a pending refund back.
func (o *Order) CompleteRefund(id string) error {
	refund, err := o.endRefund(id, RefundSucceeded, EventRefunded, RefundPending)
	o.data.Payment.Refunded.Amount += refund.Amount.Amount
	return err
}

// FailRefund notes that payments refused a pending refund, or that the bank sent the money of one that had succeeded back. Its money is
// owed again.
func (o *Order) FailRefund(id string) error {
	before, _ := o.Refund(id)
	refund, err := o.endRefund(id, RefundFailed, EventRefundFailed, RefundPending, RefundSucceeded)
	if err == nil && before.Status == RefundSucceeded {
		o.data.Payment.Refunded.Amount -= refund.Amount.Amount
	}
	o.owe(refund.Amount)
	return err
}

func (o *Order) endRefund(id string, to RefundStatus, event Event, from ...RefundStatus) (Refund, error) {
	refund, ok := o.Refund(id)
	if !ok || !slices.Contains(from, refund.Status) {
		return Refund{}, fmt.Errorf("%w: refund %s cannot become %s", ErrWrongState, id, to)
	}
	refund.Status = to
	o.data.Refunds = with(o.data.Refunds, refund, Refund.id)
	actor := refund.ActorID
	if to == RefundFailed {
		actor = "" // nobody has decided that
	}
	o.happenedBy(actor, now(), event, refund.Amount.String())
	return refund, nil
}

// Refund returns a refund of the order.
func (o Order) Refund(id string) (Refund, bool) {
	return find(o.data.Refunds, func(r Refund) bool { return r.ID == id })
}

// PendingRefund returns the refund that is to be carried out next.
func (o Order) PendingRefund() (Refund, bool) {
	return find(o.data.Refunds, func(r Refund) bool { return r.Status == RefundPending })
}

// RefundOf returns the refund for a return.
func (o Order) RefundOf(returnID string) (Refund, bool) {
	return find(o.data.Refunds, func(r Refund) bool { return r.ReturnID == returnID })
}

func (r Refund) id() string { return r.ID }

// detail describes the refund in the audit log.
func (r Refund) detail() map[string]string {
	detail := map[string]string{"refund": r.ID, "amount": r.Amount.String()}
	if r.ReturnID != "" {
		detail["return"] = r.ReturnID
	}
	return detail
}
