package orders

import (
	"slices"
	"time"

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

// RefundStatus is how far a refund is.
type RefundStatus string

// The statuses of a refund. A pending one is a decision that is being carried out.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	// RefundFailed means that payments refused what orders believed possible. People must look at it.
	RefundFailed RefundStatus = "failed"
)

// Refund is captured money that goes back.
type Refund struct {
	ID        string       `json:"id"`
	Amount    money.Money  `json:"amount"`
	Reason    string       `json:"reason"`
	Status    RefundStatus `json:"status"`
	ReturnID  string       `json:"return_id,omitempty"` // the return it is for, if any
	CreatedAt time.Time    `json:"created_at"`
}

// changeReturn replaces the return of the same id.
func (r *Record) changeReturn(changed Return) {
	r.Returns = replaced(r.Returns, changed, func(t Return) bool { return t.ID == changed.ID })
}

// changeRefund replaces the refund of the same id.
func (r *Record) changeRefund(changed Refund) {
	r.Refunds = replaced(r.Refunds, changed, func(f Refund) bool { return f.ID == changed.ID })
}

// replaced returns a copy of all with changed in the place of the first element that is meant.
func replaced[T any](all []T, changed T, meant func(T) bool) []T {
	all = slices.Clone(all)
	if i := slices.IndexFunc(all, meant); i >= 0 {
		all[i] = changed
	}
	return all
}

// addReturn adds a return to the order.
func (r *Record) addReturn(added Return) {
	r.Returns = append(slices.Clone(r.Returns), added)
}

// addRefund adds a refund to the order.
func (r *Record) addRefund(added Refund) {
	r.Refunds = append(slices.Clone(r.Refunds), added)
}

// refundByID returns a refund of the order, or nil.
func (r Record) refundByID(id string) *Refund {
	return first(r.Refunds, func(f Refund) bool { return f.ID == id })
}

// returnByID returns a return of the order, or nil.
func (r Record) returnByID(id string) *Return {
	return first(r.Returns, func(t Return) bool { return t.ID == id })
}

// receivedReturn returns a return that is being taken back, or nil.
func (r Record) receivedReturn() *Return {
	return first(r.Returns, func(t Return) bool { return t.Status == ReturnReceived })
}

// pendingRefund returns a refund that is being carried out, or nil.
func (r Record) pendingRefund() *Refund {
	return first(r.Refunds, func(f Refund) bool { return f.Status == RefundPending })
}

// refundable is what was captured and is neither refunded nor about to be, in minor units.
func (r Record) refundable() int64 {
	left := r.Payment.Captured.Amount
	for _, f := range r.Refunds {
		if f.Status != RefundFailed {
			left -= f.Amount.Amount
		}
	}
	return left
}

// first returns a copy of the first element that is wanted, or nil.
func first[T any](all []T, wanted func(T) bool) *T {
	i := slices.IndexFunc(all, wanted)
	if i < 0 {
		return nil
	}
	found := all[i]
	return &found
}
